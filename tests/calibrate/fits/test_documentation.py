"""What docs/fits.md shows is what happens."""

import re
from pathlib import Path

from qctl.calibrate import fits
from qctl.calibrate.fits.traces import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "fits.md").read_text(encoding="utf-8")


def test_the_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/fits.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 72


def test_every_face_and_every_kind_is_named():
    assert {name for name in fits.__all__ if name.startswith("fit_")} == set(re.findall(r"`(fit_(?!trace)\w+)", PAGE))
    assert all(f"`{kind}`" in PAGE for kind in KINDS)
