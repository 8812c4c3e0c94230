"""systemd hears that the daemon is ready and alive, in datagrams; without systemd nothing is sent."""

import socket

import pytest

from qctl.cli.service import UNIT
from qctl.daemon.notify import notify


@pytest.mark.parametrize("abstract", [True, False])
def test_a_line_is_one_datagram(tmp_path, monkeypatch, abstract):
    name = f"@qctl-{tmp_path.name}" if abstract else str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name[1:]}" if abstract else name)
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        assert systemd.recv(64) == b"READY=1"


def test_nobody_who_asks_or_nobody_who_listens_is_no_error(tmp_path, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("WATCHDOG=1")


def test_the_unit_waits_for_it():
    assert {"Type=notify", "NotifyAccess=main", "WatchdogSec=10"} <= set(UNIT.splitlines())
