import numpy as np
import pytest

from qctl.instruments.mock.device import ScpiDevice
from qctl.instruments.mock.message import Scanner
from qctl.instruments.mock.tek_awg5200 import TekAwg5200, marker_number


class Direct:
    """An AWG without a link."""

    def __init__(self):
        self.mock: ScpiDevice = TekAwg5200("TEKTRONIX,AWG5208,1,2")
        self._scanner = Scanner()

    def __call__(self, *texts):
        found = [self.mock.execute(m) for text in texts for m in self._scanner.feed(self._bytes(text) + b"\n")]
        return "|".join(bytes(reply).decode("latin-1") for reply in found if reply is not None)

    @staticmethod
    def _bytes(text):
        return text if isinstance(text, bytes) else text.encode()

    def error(self):
        return int(self("SYST:ERR:CODE?"))

    def upload(self, name, samples, markers=None):
        data = np.asarray(samples, "<f4").tobytes()
        self(f'WLIS:WAV:NEW "{name}",{len(samples)}', b'WLIS:WAV:DATA "%s",#6%06d' % (name.encode(), len(data)) + data)
        if markers is not None:
            marks = (np.asarray(markers, np.uint8) << 6).tobytes()
            self(b'WLIS:WAV:MARK:DATA "%s",#6%06d' % (name.encode(), len(marks)) + marks)

    def play(self, name, channel=1):
        self(f'SOUR{channel}:CASS:WAV "{name}"', f"OUTP{channel} ON", "AWGC:RUN")
        return self.mock.player()


@pytest.fixture
def awg():
    return Direct()


def ramp(n_samples=2400):
    return np.linspace(-1, 1, n_samples, dtype=np.float32)


@pytest.mark.parametrize("bits", [12, 13, 14, 15, 16])
def test_samples_become_codes_of_the_resolution(awg, bits):
    awg.upload("w", ramp())
    awg(f"SOUR1:DAC:RES {bits}", "SOUR1:VOLT 1.0")
    volts = awg.play("w").steps[0].volts[1]
    top = 2 ** (bits - 1) - 1
    codes = volts / 0.5 * top
    np.testing.assert_allclose(codes, np.rint(codes), atol=top * 1e-6)
    np.testing.assert_allclose(volts, 0.5 * ramp(), atol=0.5 / top / 2 * 1.001)
    assert (volts[0], volts[-1]) == (-0.5, 0.5)


def test_the_dac_saturates_at_full_scale(awg):
    awg.upload("w", 3 * ramp())
    volts = awg.play("w").steps[0].volts[1]
    assert (volts.min(), volts.max()) == (-0.25, 0.25)


@pytest.mark.parametrize(("bits", "markers"), [(16, set()), (15, {1}), (14, {1, 2}), (12, {1, 2})])
def test_a_marker_exists_only_where_the_resolution_leaves_room(awg, bits, markers):
    awg.upload("w", ramp(), np.r_[np.zeros(10), np.full(2390, 3)])
    awg(f"SOUR2:DAC:RES {bits}")
    edges = awg.play("w", channel=2).steps[0].edges
    assert edges.keys() == {marker_number(2, m) for m in markers}
    assert all(rising.tolist() == [10] for rising in edges.values())


def test_marker_and_sample_data_are_read_back_as_they_were_sent(awg):
    marks = np.arange(2400) % 4
    awg.upload("w", ramp(), marks)
    reply = awg('WLIS:WAV:MARK:DATA? "w",100,50')
    assert reply.encode("latin-1") == b"#250" + (marks[100:150].astype(np.uint8) << 6).tobytes()
    reply = awg('WLIS:WAV:DATA? "w",2398').encode("latin-1")
    np.testing.assert_array_equal(np.frombuffer(reply[3:], "<f4"), ramp()[-2:])


def test_an_output_that_is_off_plays_nothing_and_its_markers_neither(awg):
    awg.upload("w", ramp(), np.ones(2400))
    awg("SOUR1:DAC:RES 15")
    player = awg.play("w")
    assert player.steps[0].volts.keys() == {1} == player.steps[0].edges.keys()
    awg("OUTP1 OFF")
    assert not awg.mock.player().steps[0].volts
    assert not awg.mock.player().steps[0].edges
    awg("OUTP1 ON;:OUTP:OFF ON")
    assert not awg.mock.player().steps[0].volts


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ('WLIS:WAV:NEW "x",2399', -222),
        ('WLIS:WAV:NEW "x",3000000000', -222),
        ('WLIS:WAV:NEW "x",2400,IQ', -224),
        ('WLIS:WAV:DATA "none",#14abcd', -224),
        ('WLIS:WAV:DATA "w",2399,2,#18abcdefgh', -222),
        ('WLIS:WAV:DATA "w",0,3,#14abcd', -161),
        ('WLIS:WAV:DATA "w",#13abc', -161),
        (b'WLIS:WAV:DATA "w",#14\x00\x00\xc0\x7f', -222),
        ('WLIS:WAV:DEL "none"', -224),
        ("WLIS:NAME? 2", -222),
        ('SLIS:SEQ:NEW "s",16384,1', -222),
        ('SLIS:SEQ:NEW "s",1,9', -222),
        ('SLIS:SEQ:STEP1:WINP "none",ATR', -224),
        ('SOUR1:CASS:WAV "none"', -224),
        ('SOUR9:CASS:WAV "w"', -114),
        ("SOUR1:VOLT 1.6", -222),
        ("SOUR1:DAC:RES 11", -222),
        ("CLOC:SRAT 2.6 GHZ", -222),
        ("TRIG:INT 1e-7", -222),
        ("AWGC:RUN", -221),
        ('MMEM:DEL "nothing.wfmx"', -256),
        ('MMEM:OPEN "nothing.wfmx"', -256),
        ('MMEM:CDIR "D:\\"', 0),
        ('MMEM:DEL "D:\\x"', -257),
    ],
)
def test_what_the_instrument_cannot_do_is_refused(awg, sent, error):
    awg.upload("w", ramp())
    assert awg.error() == 0
    awg(sent)
    assert awg.error() == error


def test_a_file_that_is_no_waveform_is_refused(awg):
    for name, content in (("a.wfmx", b"junk"), ("b.seqx", b"PK\3\4junk"), ("c.txt", b"x")):
        awg(b'MMEM:DATA "%s",#1%d%s' % (name.encode(), len(content), content), f'MMEM:OPEN "{name}"')
        assert awg.error() in (-230, -257)
    assert awg("WLIS:SIZE?") == "0"


def sequence(awg, *gotos, wait="ATR", names=("a", "b", "c")):
    for k, name in enumerate(names):
        awg.upload(name, np.full(2400 + 100 * k, 0.1 * (k + 1)))
    awg(f'SLIS:SEQ:NEW "s",{len(gotos)},2')
    for number, goto in enumerate(gotos, start=1):
        step = f"SLIS:SEQ:STEP{number}"
        awg(f'{step}:TASS2:WAV "s","{names[number - 1]}";:{step}:WINP "s",{wait};:{step}:GOTO "s",{goto}')
    awg('SOUR3:CASS:SEQ "s",2', "OUTP3 ON", "AWGC:RUN")
    return awg.mock.player()


def test_a_sequence_plays_its_track_and_goes_where_it_says(awg):
    player = sequence(awg, "NEXT", "3", "FIRS")
    assert [step.following for step in player.steps] == [1, 2, 0]
    assert [step.n_samples for step in player.steps] == [2400, 2500, 2600]
    assert [float(step.volts[3][0]) for step in player.steps] == pytest.approx([0.025, 0.05, 0.075], abs=1e-5)
    assert {step.wait for step in player.steps} == {"ATR"}
    assert awg('AWGC:RSTAT?;:SOUR3:CASS?;:SOUR3:CASS:TYPE?;:SLIS:SEQ:STEP2:TASS2? "s"') == '1;"s,2";SEQ;"b"'
    awg("AWGC:STOP")
    assert awg("AWGC:RSTATE?") == "0"
    assert awg.mock.player() is None


def test_a_step_may_stay_or_end(awg):
    player = sequence(awg, "LAST", "END", "1", wait="ITR")
    assert [step.following for step in player.steps] == [2, 3, 0]


def test_channels_of_one_step_must_agree_in_length(awg):
    awg.upload("a", ramp(2400))
    awg.upload("b", ramp(2401))
    awg('SOUR1:CASS:WAV "a";:SOUR2:CASS:WAV "b";:AWGC:RUN')
    assert awg.error() == -221
    assert awg("AWGC:RSTAT?") == "0"


def test_reset_stops_and_keeps_the_lists(awg):
    awg.upload("w", ramp())
    awg.play("w")
    awg("*RST")
    assert awg("AWGC:RSTAT?;:WLIS:SIZE?;:SOUR1:CASS?;:OUTP1?") == '0;1;"";0'


def test_the_memory_holds_what_was_not_replaced_or_deleted(awg, monkeypatch):
    monkeypatch.setattr("qctl.instruments.mock.waveform_list.MEMORY", 10_000)
    for name, n_samples in [("a", 4000), ("b", 4000), ("a", 3000)]:
        awg(f'WLIS:WAV:NEW "{name}",{n_samples}')
    assert awg.mock.lists.waveforms.n_samples == 7000
    awg('WLIS:WAV:NEW "c",3001')
    assert [code for code, _ in awg.mock.errors] == [-225]
    awg('WLIS:WAV:DEL "b";:WLIS:WAV:NEW "c",3001')
    assert awg.mock.lists.waveforms.n_samples == 6001
    awg("WLIS:WAV:DEL ALL")
    assert awg.mock.lists.waveforms.n_samples == 0
