"""``qctl twin`` from the outside."""

import json
from pathlib import Path

from qctl import config
from qctl.config import write_parameters
from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port
from qctl.physics.twin import Twin

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def test_a_twin_that_was_drawn_is_a_file_that_any_command_takes(qctl, tmp_path):
    drawn = qctl("twin", "draw", "--lab", "transmon5", "--seed", 3, "--defect", "dead:q1.drive")
    assert drawn.code == 0, drawn.err
    path = tmp_path / "twins" / "other.yaml"
    path.parent.mkdir()
    path.write_text(drawn.out, encoding="utf-8")
    assert qctl("check", path).code == 0
    assert config.read(path, Twin).dead == (Port("awg1", 3), Port("awg1", 4))


def test_a_defect_of_an_unknown_kind_is_a_mistake_of_usage(qctl):
    asked = qctl("twin", "draw", "--seed", 3, "--defect", "haunted:q1")
    assert asked.code == 2
    assert "dead:LINE" in asked.err


def test_a_snapshot_is_scored_value_by_value_and_gate_by_gate(qctl, tmp_path):
    answer = qctl("--state", tmp_path, "twin", "score", "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    values = {row["name"]: row for row in found["values"]}
    assert values["q0.t1"]["truth"] == 38.4e-6
    gates = {(row["target"], row["kind"]): row for row in found["gates"]}
    assert len(gates) == 14
    assert all(0.9 * row["limit"] < row["error"] < 3 * row["limit"] for row in gates.values())
    assert all(0.95 < row["fidelity"] < 1 for row in found["readouts"])
    assert all(abs(row["best"] - row["fidelity"]) < 0.002 for row in found["readouts"])
    assert found["not_playable"] == {}


def test_gates_that_cannot_be_played_are_named_and_the_rest_is_judged(qctl, tmp_path):
    known = Parameters({"q0-q1.cz.duration": Estimate(10e-9, unit="s"), "q2.frequency": Estimate(9e9, unit="Hz")})
    write_parameters(tmp_path / "broken.json", known, "two that nothing can play")
    answer = qctl("--state", tmp_path, "twin", "score", "--snapshot", tmp_path / "broken.json")
    assert answer.code == 0, answer.err
    assert "q0-q1 cz cannot be played" in answer.out
    assert "q2 x90 cannot be played" in answer.out
    assert "q1-q2" in answer.out


def test_a_twin_that_moves_is_scored_at_a_moment(qctl, tmp_path):
    drawn = qctl("twin", "draw", "--seed", 3, "--drift", "--defect", "tls:q2")
    assert drawn.code == 0, drawn.err
    path = tmp_path / "moving.yaml"
    path.write_text(drawn.out, encoding="utf-8")
    snapshot = CONFIGS / "transmon5.parameters.json"
    first, later = (
        json.loads(qctl("twin", "score", "--twin", path, "--snapshot", snapshot, "--at", at, "--seed", 1, "--json").out)
        for at in (0, 86400)
    )
    t1 = [next(row["truth"] for row in found["values"] if row["name"] == "q3.t1") for found in (first, later)]
    assert t1[0] != t1[1]
    assert first["gates"] != later["gates"]
