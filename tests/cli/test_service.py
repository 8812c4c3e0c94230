"""``qctl service``: a unit that systemd can read, and that starts what `qctl serve` accepts."""

import configparser
import shlex

from qctl.cli.serve import command


def read(text):
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str
    unit.read_string(text)
    return unit


def test_a_unit_is_written_where_systemd_looks_and_starts_and_ends_with_the_machine_safe(qctl, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    said = qctl("--state", tmp_path / "state", "service", "install", "--calibrate", "--port", "8080")
    assert said.code == 0
    assert "systemctl --user daemon-reload" in said.out
    unit = read((tmp_path / ".config/systemd/user/qctl.service").read_text())["Service"]
    assert (unit["Type"], unit["WatchdogSec"], unit["Restart"]) == ("notify", "10", "always")
    _, _, module, *arguments = shlex.split(unit["ExecStart"])
    assert module == "qctl.cli"
    assert arguments[:3] == ["--state", str(tmp_path / "state"), "serve"]
    settings = command.make_context("serve", arguments[3:]).params
    assert (settings["port"], settings["calibrate"]) == (8080, True)
    assert "service safe" in unit["ExecStopPost"]


def test_paths_that_a_unit_would_misread_are_refused(qctl, tmp_path):
    said = qctl("--state", tmp_path / "my state", "service", "install", "--print")
    assert (said.code, said.out) == (2, "")
    assert "blanks" in said.err
