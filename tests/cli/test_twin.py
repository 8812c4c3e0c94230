"""``qctl twin`` from the outside."""

from qctl import config
from qctl.core.port import Port
from qctl.physics.twin import Twin


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
