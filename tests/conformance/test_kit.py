"""The kit on the laboratories that come with qctl; ``qctl conformance --lab NAME`` runs all of it."""

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from qctl.cli import cli
from qctl.conformance import check
from qctl.conformance.check import Row
from qctl.conformance.refusals import refusals
from qctl.core.bounds import Bounds
from qctl.core.errors import LimitError
from qctl.run import Lab

SOME = ("superdense", "ghz3", "qft3", "phase_estimation", "ghz5")


@pytest.fixture
def transmon5(tmp_path):
    with Lab.open("transmon5", seed=3, state=tmp_path) as lab:
        yield lab


def test_transmons_do_what_their_measured_errors_predict_and_refuse_the_rest(transmon5):
    found = check(transmon5, only=SOME)
    assert found.reasons == {}
    assert [row.name for row in found.rows] == ["superdense", "ghz3", "qft3", "phase_estimation", "ghz5"]
    assert [one.asked for one in found.refused][-1] == "a decision on a measured bit"
    assert found.read_back == ("awg1", "awg2", "awg3", "drive_high", "drive_low", "readout_source")


def test_an_error_that_no_parameter_knows_of_and_outputs_that_stay_on_are_found(transmon5, monkeypatch):
    monkeypatch.setattr("qctl.instruments.tek_awg5200.TekAwg5200.make_safe", lambda self, entry: None)
    transmon5.parameters = transmon5.parameters.replaced(
        {"q1-q2.cz.phase_high": transmon5.parameters["q1-q2.cz.phase_high"] + 0.9}
    )
    found = check(transmon5, only=("ghz3", "superdense"))
    assert "ghz3" in found.reasons
    assert re.search(r"awg\d: could not be made safe \(.*output 1.*still on", found.reasons["safe state"])


def test_the_command_prints_every_program_and_what_was_refused(tmp_path):
    asked = ["--state", str(tmp_path), "conformance", "--lab", "ideal20", "--seed", "2", "--shots", "300"]
    found = CliRunner().invoke(cli, [*asked, "--only", "bell,hidden_shift", "--json"])
    assert found.exit_code == 0, found.output
    said = json.loads(found.stdout)
    assert [row["name"] for row in said["programs"]] == ["bell", "hidden_shift"]
    assert said["unsafe"] == ""
    assert all(one["said"] for one in said["refused"])


def test_a_program_that_the_kit_does_not_have_is_refused_by_name(tmp_path):
    found = CliRunner().invoke(cli, ["--state", str(tmp_path), "conformance", "--only", "shor"])
    assert found.exit_code != 0
    assert "shor" in str(found.exception) + found.output


@pytest.mark.parametrize("name", ["ion8", "atoms16", "transmon5"])
def test_what_is_refused_is_refused_for_what_is_wrong_with_it(name, tmp_path):
    found = refusals(Lab.open(name, state=tmp_path))
    assert [(one.asked, one.reason) for one in found if one.reason] == []
    asked = {one.asked for one in found}
    assert "more machine time than a run may take" in asked
    # The host steers shots of ions and atoms: there a gate behind a measurement is played, and no refusal.
    assert ("a decision on a measured bit" in asked) is (name == "transmon5")
    assert "a gate on a qubit that was measured" not in asked


def test_a_refusal_for_something_else_is_none(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise LimitError("2 points", allowed="1 point")

    lab = Lab.open("transmon5", state=tmp_path)
    monkeypatch.setattr(lab, "compile", fails)
    assert {one.reason[:32] for one in refusals(lab)} == {"it is refused for something else"}


ROW = Row("bell", 2, 900, 0.0, 0.01, 1.0, 0.0, 0.1, {"lost": 100}, 0.15)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"dropped": {"lost": 100, "empty": 100}}, "200 of 1100 shots do not count, where 15% may"),
        ({"from_ideal": 0.11}, "0.110 from the exact answer, where 0.100 is allowed"),
        ({"from_prediction": 0.05}, "0.050 from what its noise predicts, where 0.040 is allowed"),
        ({"chance": 1e-5}, "such counts come by chance with p = 1e-05"),
    ],
)
def test_each_bound_of_a_program_can_fail(changed, said):
    assert replace(ROW, **changed).reason == said


def test_a_platform_that_states_no_bounds_gets_some_that_can_fail():
    assert Bounds() == Bounds(ideal=0.2, lost=0.0)
