import pytest

from qctl.instruments.mock.device import ScpiDevice, Setting, toggle
from qctl.instruments.mock.message import Scanner
from qctl.instruments.mock.values import ScpiError, choice, number, string, switch, whole


def hertz(parameter):
    return number(parameter, "HZ")


class Box(ScpiDevice):
    def make_settings(self):
        return (
            Setting("[:SOURce#]:FREQuency[:CW]", 1e9, hertz, low=1e6, high=2e9, suffixes=(range(1, 3),)),
            Setting("MODE", "INT", choice(("INTernal", "EXTernal"))),
            toggle("OUTPut#:STATe", suffixes=(range(1, 3),)),
        )

    def commands(self):
        return (("NAME", lambda name, size="1": string(name) and None),)


@pytest.fixture
def ask():
    device, scanner = Box("A,B,C,D"), Scanner()

    def send(text):
        replies = [device.execute(units) for units in scanner.feed(text.encode() + b"\n")]
        return "|".join(reply.decode() for reply in replies if reply is not None)

    return send


def test_settings_are_set_and_asked_in_any_spelling(ask):
    ask("sour2:freq 1.5 MHZ;:FREQ 2e6;:outp1:stat ON")
    assert ask("SOURce2:FREQuency:CW?;:FREQ?;:OUTPUT1:STATE?;:OUTP2:STAT?") == "1500000.0;2000000.0;1;0"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ("FREQUENCIES 1", -113),
        ("FREQ 1e5", -222),
        ("FREQ NAN", -120),
        ("FREQ 1 V", -131),
        ("FREQ", -109),
        ("FREQ? 3,4", -108),
        ("SOUR3:FREQ 1e9", -114),
        ("MODE BOTH", -224),
        ("FREQ #13abc", -104),
        ("NAME noquotes", -151),
        ('NAME "a",2,3', -108),
        ("FREQ \x01", -120),
    ],
)
def test_what_is_wrong_goes_into_the_error_queue_and_changes_nothing(ask, sent, error):
    assert ask(sent) == ""
    assert ask("SYST:ERR?").startswith(f"{error},")
    assert ask("SYST:ERR:CODE?;:FREQ?;:MODE?") == "0;1000000000.0;INT"


def test_the_error_queue_overflows_into_minus_350(ask):
    for _ in range(40):
        ask("BAD")
    found = [ask("SYST:ERR:CODE?") for _ in range(33)]
    assert found == ["-113"] * 31 + ["-350", "0"]


def test_status_reports_what_went_wrong(ask):
    assert ask("*ESR?") == "128"  # power on
    ask("BAD;:FREQ 1")
    assert ask("*ESR?;*STB?;*ESR?") == "48;4;0"
    assert ask("*ESE 32;*SRE 32;*ESE?;*SRE?") == "32;32"
    ask("BAD")
    assert ask("*STB?") == "100"
    ask("*CLS")
    assert ask("*STB?;*ESR?;SYST:ERR?") == '0;0;0,"No error"'


def test_reset_returns_to_the_defaults(ask):
    ask("FREQ 5e6;MODE EXT")
    assert ask("*RST;FREQ?;:MODE?;*OPC?;*TST?") == "1000000000.0;INT;1;0"


def test_an_operation_that_is_complete_sets_its_bit(ask):
    ask("*CLS;*OPC;*WAI")
    assert ask("*ESR?") == "1"


def test_commands_of_one_message_share_their_branch_and_common_ones_do_not_leave_it(ask):
    assert ask("SOUR1:FREQ 3e6;*OPC?;FREQ?") == "1;3000000.0"


@pytest.mark.parametrize(("text", "value"), [("5.1 GHZ", 5.1e9), ("3MHZ", 3e6), ("2 mhz", 2e6), ("7", 7.0)])
def test_numbers_take_units(text, value):
    assert number(text, "HZ") == value
    assert number("3 mV", "V") == 3e-3
    assert number("2.5e-3", "V") == 2.5e-3


def test_whole_numbers_and_switches_are_strict():
    assert (whole("3.0"), switch("ON"), switch("0")) == (3, True, False)
    for read, text in ((whole, "3.5"), (whole, "1e400"), (switch, "MAYBE"), (number, "0x10"), (string, '"open')):
        with pytest.raises(ScpiError):
            read(text)
