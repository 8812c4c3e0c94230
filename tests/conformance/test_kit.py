"""The kit on the laboratories that come with qctl; ``qctl conformance --lab NAME`` runs all of it."""

import json

import pytest
from click.testing import CliRunner

from qctl.cli import cli
from qctl.conformance import check
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


def test_an_error_that_no_parameter_knows_of_is_found(transmon5):
    transmon5.parameters = transmon5.parameters.replaced(
        {"q1-q2.cz.phase_high": transmon5.parameters["q1-q2.cz.phase_high"] + 0.9}
    )
    found = check(transmon5, only=("ghz3", "superdense"))
    assert "ghz3" in found.reasons


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
