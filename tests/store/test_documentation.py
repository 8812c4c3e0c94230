"""What docs/parameters.md shows is what happens."""

import re
from pathlib import Path

from qctl.store import ParameterStore

PAGE = (Path(__file__).parents[2] / "docs" / "parameters.md").read_text(encoding="utf-8")


def test_the_example_commits_a_snapshot(tmp_path, monkeypatch):
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/parameters.md", "exec"), {})
    with ParameterStore.open(tmp_path / "state", "transmon5") as store:
        assert (store.newest, store.snapshot()["q3.t1"], store.commits()[0].note) == (1, 31e-6, "T1 of q3")


def test_every_command_of_the_page_exists():
    from qctl.cli.cal import command

    assert set(re.findall(r"^    qctl cal (\w+)", PAGE, re.MULTILINE)) == set(command.commands)
