"""``qctl cal`` as people and scripts see it."""

import contextlib
import csv
import io
import json
import math
import time
from types import SimpleNamespace

import pytest

from qctl.cli import cli
from qctl.cli.failure import exit_code_of
from qctl.cli.quantities import age, span
from qctl.config import read_parameters
from qctl.core.errors import UsageError
from qctl.core.parameters import Estimate
from qctl.core.shown import shown
from qctl.store import ParameterStore, Status, judged


@pytest.fixture
def cal(tmp_path, monkeypatch):
    """Call ``qctl cal ARGUMENTS`` in this process; return exit code, standard output and standard error."""
    monkeypatch.setenv("QCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("LOGNAME", "rosa")

    def call(*arguments):
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr("sys.argv", ["qctl", "cal", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = exit_code_of(cli, debug=False)
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())

    return call


@pytest.fixture
def filled(tmp_path):
    """Two snapshots and a rejected value, the older ones of ten days ago."""
    folder, now = tmp_path / "state", time.time()
    folder.mkdir()
    with ParameterStore.open(folder, "transmon5") as store:
        old = {"q3.t1": Estimate(3e-5, 1e-6, "s", now - 864_000, "run 1"), "q3.x": Estimate(0.5)}
        store.commit(judged(old), 0, "bring-up", author="planner")
        store.commit(judged({"q3.t1": Estimate(3.4e-5, 1e-6, "s", now - 60, "run 2")}), 1, "again", author="planner")
        bad = {"q3.t1": Estimate(math.nan, math.nan, "s", now, "run 3")}
        store.record(judged(bad, Status.REJECTED, reason="noise [only]"))
    return folder


def test_an_empty_store_says_so_and_is_not_made(cal, tmp_path):
    assert (
        cal("status").out == "transmon5: nothing was stored yet; runs use the snapshot that the laboratory file names\n"
    )
    assert list((tmp_path / "state").iterdir()) == []


def test_history_shows_every_verdict(cal, filled):
    answer = cal("history", "q3.t1", "--lab", "transmon5")
    rows = answer.out.splitlines()[2:]
    assert [("30 us ± 1 us" in rows[0], "accepted" in rows[0]), ("34 us" in rows[1], "run 2" in rows[1])] == [
        (True, True),
        (True, True),
    ]
    assert rows[2].rstrip().endswith("run 3  noise [only]")


def test_history_for_scripts_is_json_or_csv_and_can_begin_late(cal, filled):
    rows = json.loads(cal("history", "q3.t1", "--json").out)
    assert [(row["value"], row["status"], row["snapshot"]) for row in rows] == [
        (3e-5, "accepted", 1),
        (3.4e-5, "accepted", 2),
        (None, "rejected", None),
    ]
    assert len(json.loads(cal("history", "q3.t1", "--since", "7d", "--json").out)) == 2
    table = list(csv.DictReader(io.StringIO(cal("history", "q3.t1", "--csv").out)))
    assert [row["value"] for row in table] == ["3e-05", "3.4e-05", ""]


def test_history_is_drawn(cal, filled, tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "t1.png"
    assert cal("history", "q3.t1", "--plot", out).out == f"{out}: 2 values\n"
    assert out.read_bytes().startswith(b"\x89PNG")
    assert cal("history", "q3.t1", "--plot", tmp_path / "t1.what").code == 2


def test_status_says_what_is_believed_since_when_and_why(cal, filled):
    answer = cal("status", "q3")
    assert "transmon5, snapshot 2-" in answer.out
    assert "by planner: again" in answer.out
    assert ["q3.t1", "34", "us", "±", "1", "us", "1", "min", "accepted", "2"] in map(str.split, answer.out.splitlines())
    document = json.loads(cal("status", "--json").out)
    assert (document["snapshot"], [one["name"] for one in document["parameters"]]) == (2, ["q3.t1", "q3.x"])
    assert json.loads(cal("status", "q30", "--json").out)["parameters"] == []


def test_diff_compares_values_in_standard_deviations(cal, filled):
    assert cal("diff", 1).out.splitlines()[2].split("  ")[-1].strip() == "+2.8"
    (change,) = json.loads(cal("diff", 2, 1, "--json").out)
    assert (change["name"], change["before"]["value"], change["after"]["value"]) == ("q3.t1", 3.4e-5, 3e-5)
    assert json.loads(cal("diff", 0, 1, "--json").out)[0]["before"] is None
    assert "hold the same" in cal("diff", 2).out


def test_going_back_and_forth_by_number(cal, filled):
    assert json.loads(cal("revert", 1, "--json").out)["changed"] == ["q3.t1"]
    assert cal("apply", 2).out.startswith("transmon5: snapshot 4-")
    with ParameterStore.open(filled, "transmon5") as store:
        assert [store.snapshot(number)["q3.t1"] for number in (3, 4)] == [3e-5, 3.4e-5]
        assert store.commits()[-1].author == "rosa"


def test_what_is_exported_can_be_imported_and_what_is_new_is_marked(cal, filled, tmp_path):
    file = tmp_path / "a.parameters.json"
    assert json.loads(cal("export", file, "--snapshot", 1, "--json").out)["parameters"] == 2
    assert read_parameters(file)["q3.t1"] == 3e-5
    assert cal("import", file).code == 0
    with ParameterStore.open(filled, "transmon5") as store:
        assert store.snapshot().estimates == store.snapshot(1).estimates
        assert store.findings()["q3.t1"].status is Status.MANUAL
        assert store.findings()["q3.t1"].reason == "imported from a.parameters.json"
        assert store.findings()["q3.x"].status is Status.ACCEPTED
    file.write_text('{"number": 0, "note": "mine", "parameters": {"q4.x": {"value": 1, "error": null, "unit": "", "time": 0, "run": ""}}}')  # fmt: skip  # noqa: E501
    assert cal("apply", file).code == 0
    with ParameterStore.open(filled, "transmon5") as store:
        assert sorted(store.snapshot()) == ["q3.t1", "q3.x", "q4.x"]
        assert store.snapshot().note == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("history", "q3.t2"), 1, "such as q3.t1"),
        (("history", "q3.t1", "--since", "soon"), 2, "no time span"),
        (("history", "q3.t1", "--csv", "--json"), 2, "allowed: one of them"),
        (("history", "q3.t1", "--since", "1s", "--plot", "x.png"), 2, "no finite value"),
        (("diff", 1, 9), 1, "snapshot 9; allowed: 0 to 2"),
        (("revert", 9), 1, "snapshot 9"),
        (("apply", "missing.json"), 2, "no file 'missing.json'"),
        (("import", "missing.json"), 2, "missing.json"),
        (("status", "--lab", "nowhere"), 3, "no such laboratory"),
        (("export", "no/such/folder.json"), 2, "cannot write"),
    ],
)
def test_mistakes_are_one_line_and_an_exit_code(cal, filled, arguments, code, said):
    answer = cal(*arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("value", "error", "unit", "text"),
    [
        (5.123456789e9, 1234.0, "Hz", "5.1234568 GHz ± 1.2 kHz"),
        (3.123e-5, 4e-7, "s", "31.23 us ± 400 ns"),
        (0.412345678, math.inf, "", "0.412346"),
        (0.0, 0.1, "", "0 ± 0.1"),
        (0.0142, 0.0079, "", "0.0142 ± 0.0079"),
        (1e-6, 3e-3, "s", "0 s ± 3 ms"),
        (-0.5, 0.0, "rad", "-500 mrad"),
        (math.nan, 1.0, "s", "nan"),
        (1.5, 0.1, "furlong", "1.5 furlong ± 0.1 furlong"),
    ],
)
def test_values_have_as_many_digits_as_their_error_leaves(value, error, unit, text):
    assert shown(Estimate(value, error, unit)) == text


def test_spans_and_ages_are_written_as_people_do():
    assert [span(text) for text in ("7d", "12 h", "1.5min")] == [604_800, 43_200, 90]
    assert [age(seconds) for seconds in (0, 59, 90, 7200, 864_000)] == ["0 s", "59 s", "2 min", "2 h", "10 d"]
    with pytest.raises(UsageError, match="no time span"):
        span("7 days")
