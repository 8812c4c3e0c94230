import socket

import pytest

from qctl.instruments.mock.faults import Fate, Faults, FaultScript

IDN = "Rohde&Schwarz,SGS100A"


def wire(start, **faults):
    _, _, clients = start(faults={"source": Faults(seed=3, **faults)})
    return clients["source"]


def rest(client):
    """Return everything that comes within a moment."""
    client.link.settimeout(0.3)
    found = b""
    try:
        while piece := client.link.recv(4096):
            found += piece
    except (TimeoutError, socket.timeout):  # noqa: UP041 - both names, whatever Python calls it
        found += b"<silence>"
    return found.decode()


def test_a_lost_reply_never_comes(start):
    client = wire(start, lost=1.0)
    client.send("*OPC?")
    assert rest(client) == "<silence>"


def test_a_late_reply_comes_by_itself_or_in_front_of_the_next(start):
    client = wire(start, late=1.0, late_seconds=0.05)
    client.send("SOUR:POW?")
    assert rest(client) == "-30\n<silence>"


def test_a_duplicated_reply_comes_twice(start):
    client = wire(start, duplicated=1.0)
    client.send("*OPC?")
    assert rest(client) == "1\n1\n<silence>"


def test_swapped_replies_change_places(start):
    client = wire(start, swapped=1.0)
    client.send("SOUR:POW?", "*OPC?")
    assert rest(client) == "1\n-30\n<silence>"


def test_a_truncated_reply_has_no_end(start):
    client = wire(start, truncated=1.0)
    client.send("*IDN?")
    assert rest(client).removesuffix("<silence>") in "Rohde&Schwarz,SGS100A,1416.0505k02/100005,3.1.19.15-3.20.390.24"


@pytest.mark.parametrize("n_bytes", [0, 1, 10])
def test_a_disconnection_comes_after_so_many_bytes(start, n_bytes):
    client = wire(start, disconnected=1.0, disconnect_after=n_bytes)
    client.send("*IDN?")
    assert rest(client) == IDN[:n_bytes]


def test_the_first_replies_can_be_spared(start):
    client = wire(start, lost=1.0, after=2)
    assert [client.ask("*OPC?"), client.ask("*OPC?")] == ["1", "1"]
    client.send("*OPC?")
    assert rest(client) == "<silence>"


def test_an_error_queue_can_be_endless_and_an_operation_stuck(start):
    client = wire(start, endless_errors=True, stuck_opc=1.0)
    assert {client.ask("SYST:ERR:CODE?") for _ in range(100)} == {"-350"}
    client.send("*OPC?")
    assert rest(client) == "<silence>"


def test_an_instrument_can_become_another_one(start):
    client = wire(start, identity="ACME,1,2,3", after=1)
    assert client.ask("*IDN?").startswith(IDN)
    assert client.ask("*IDN?") == "ACME,1,2,3"


def test_a_setting_can_be_taken_and_ignored(start):
    client = wire(start, ignored_setting=1.0)
    client.send("SOUR:POW 3")
    assert client.errors() == []
    assert float(client.ask("SOUR:POW?")) == -30.0


def test_an_upload_can_succeed_and_change_nothing(start):
    _, _, clients = start(faults={"awg1": Faults(kept_waveform=1.0)})
    awg = clients["awg1"]
    awg.send('WLIS:WAV:NEW "w",2400', b'WLIS:WAV:DATA "w",0,1,#14\x00\x00\x80\x3f\n')
    assert awg.errors() == []
    awg.send('WLIS:WAV:DATA? "w",0,1')
    assert awg.lines.read(7) == b"#14\0\0\0\0"


def test_the_same_seed_draws_the_same_faults_and_each_instrument_its_own():
    faults = Faults(seed=7, lost=0.1, late=0.1, duplicated=0.1)
    draws = {name: [FaultScript(faults, name).reply_fate() for _ in range(1)] for name in ("a", "b")}
    long = {
        name: [script.reply_fate() for _ in range(2000)]
        for name in ("a", "b")
        for script in [FaultScript(faults, name)]
    }
    again = FaultScript(faults, "a")
    assert [again.reply_fate() for _ in range(2000)] == long["a"] != long["b"]
    assert draws["a"] == long["a"][:1]
    for fate in (Fate.LOST, Fate.LATE, Fate.DUPLICATED):
        assert 150 < long["a"].count(fate) < 250
    assert again.history == [fate for fate in long["a"] if fate is not Fate.SENT]


def test_faults_are_plain_data():
    assert Faults.from_mapping({"lost": 0.05, "seed": 4}) == Faults(lost=0.05, seed=4)
    with pytest.raises(KeyError, match="lots"):
        Faults.from_mapping({"lots": 1})
