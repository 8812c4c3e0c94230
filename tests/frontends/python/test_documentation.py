"""What the page about Python shows runs from top to bottom."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/python.md"


def test_every_example_of_the_page_runs(monkeypatch):
    monkeypatch.chdir(PAGE.parents[1])
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 7
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # the page is ours
    assert names["rabi"].shape == (13,)
    assert names["ramsey"].averages.mean("m").shape == (5, 2)
    names["lab"].close()
