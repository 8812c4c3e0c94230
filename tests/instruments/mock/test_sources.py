import pytest


@pytest.fixture
def bias(start):
    rack, _, clients = start()
    client = clients["bias"]
    client.mock = rack.rack.mocks["bias"]
    return client


def test_a_dc_source_gives_its_level_only_while_it_is_on(bias):
    bias.send(":SOUR:FUNC CURR;:SOUR:RANG 10E-3;LEV 2.5E-3")
    assert [float(bias.ask(":SOUR:LEV?")), bias.mock.output()] == [2.5e-3, 0.0]
    bias.send(":OUTP ON")
    assert [bias.ask(":OUTP?"), bias.mock.output()] == ["1", 2.5e-3]
    bias.send("*RST")
    assert [bias.ask(":OUTP?"), bias.ask(":SOUR:FUNC?"), bias.mock.output()] == ["0", "VOLT", 0.0]


def test_a_dc_source_rounds_to_its_resolution(bias):
    bias.send(":SOUR:FUNC CURR;:SOUR:RANG 10E-3;LEV 1.23456E-3")
    assert float(bias.ask(":SOUR:LEV?")) == pytest.approx(1.2346e-3, abs=1e-12)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (":SOUR:FUNC CURR;:SOUR:RANG 1E-3;LEV 1.3E-3", -222),
        (":SOUR:FUNC CURR;:SOUR:RANG 0.3", -222),
        (":SOUR:FUNC VOLT;:SOUR:RANG 30;LEV 32.1", -222),
        (":SOUR:FUNC CURR;:SOUR:RANG 10E-3;LEV 5E-3;:SOUR:RANG 1E-3", -221),
        (":OUTP ON;:SOUR:FUNC CURR", -221),
    ],
)
def test_a_dc_source_refuses_what_it_cannot_give(bias, sent, error):
    bias.send(sent)
    assert bias.errors() == [error]


def test_a_carrier_is_what_the_source_was_set_to(start):
    rack, _, clients = start()
    clients["source"].send("SOUR:FREQ 5.2 GHZ;:SOUR:POW 7;:OUTP ON")
    assert clients["source"].errors() == []
    carrier = rack.rack.mocks["source"].carrier()
    assert (carrier.frequency, carrier.power_dbm, carrier.on) == (5.2e9, 7.0, True)
    clients["source"].send("SOUR:FREQ 13 GHZ;:SOUR:POW 26;:SOUR:ROSC:SOUR BOTH")
    assert clients["source"].errors() == [-222, -222, -224]
