"""From uploads to segments: a whole rack, spoken to in plain SCPI."""

import numpy as np
import pytest

from qctl.core.port import Port
from qctl.instruments.mock.faults import Faults


def load(awg, levels, wait, marked=(), n_samples=4000):
    """Load one step for each level on channel 1; the marker of steps in ``marked`` rises at their sample 0."""
    awg.send(f'CLOC:SRAT 1E9;:TRIG:LEV 0.5;:SOUR1:DAC:RES 15;:SOUR1:VOLT 1.0;:SLIS:SEQ:NEW "s",{len(levels)},1')
    for number, level in enumerate(levels, start=1):
        data = np.full(n_samples, level, "<f4").tobytes()
        marks = np.zeros(n_samples, np.uint8)
        marks[:100] = 64 if number - 1 in marked else 0
        awg.send(
            f'WLIS:WAV:NEW "w{number}",{n_samples}',
            b'WLIS:WAV:DATA "w%d",#6%06d' % (number, len(data)) + data,
            b'WLIS:WAV:MARK:DATA "w%d",#6%06d' % (number, n_samples) + marks.tobytes(),
            f'SLIS:SEQ:STEP{number}:TASS1:WAV "s","w{number}";:SLIS:SEQ:STEP{number}:WINP "s",{wait}',
        )
    awg.send(f'SLIS:SEQ:STEP{len(levels)}:GOTO "s",FIRS;:SOUR1:CASS:SEQ "s",1;:OUTP1 ON')
    assert awg.errors() == []


def arm(scope, n_segments, delay=1e-6, n_samples=100):
    scope.send(
        ":CHAN1:DISP ON;RANG 2;:CHAN2:DISP ON;RANG 2;:ACQ:SRAT 1E9;:ACQ:MODE SEGM;:WAV:SEGM:ALL ON",
        ":TRIG:EDGE:SOUR AUX;:TRIG:LEV AUX,0.5;:TRIG:SWE TRIG;:TIM:REF LEFT",
        f":ACQ:SEGM:COUN {n_segments};:ACQ:POIN {n_samples};:TIM:POS {delay};:SING",
    )
    assert scope.ask(":AER?") == "1"


def heard(scope, channel, n_segments, n_samples=100):
    """Return the level of each segment in tenths of full scale."""
    assert scope.ask("*OPC?") == "1"
    scope.send(f":WAV:SOUR CHAN{channel}")
    codes = scope.ask_codes(":WAV:DATA?", n_segments * n_samples).reshape(n_segments, n_samples)
    return np.rint(codes.mean(axis=1) / 60 * 2 / 1024 / 0.05).astype(int).tolist()


def run(clients, levels=(0.1, 0.2, 0.3), period=20e-6, n_segments=7, marked=(0, 1, 2), late=False, n_samples=100):
    load(clients["awg1"], levels, "ITR", marked)
    load(clients["awg2"], levels, "ATR")
    clients["awg1"].send(f"TRIG:INT {period}")
    for name in ("awg1", "awg2") if late else ("awg2", "awg1"):
        if name == "awg1":
            arm(clients["scope1"], n_segments, n_samples=n_samples)
        clients[name].send("AWGC:RUN")
        assert clients[name].ask("AWGC:RSTATE?") == "1"


def test_points_are_the_inner_loop_and_shots_the_outer(start):
    _, world, clients = start()
    run(clients)
    assert heard(clients["scope1"], 1, 7) == [1, 2, 3, 1, 2, 3, 1]
    assert heard(clients["scope1"], 2, 7) == [1, 2, 3, 1, 2, 3, 1]
    ((stage, n_cycles),) = world.stages
    assert (len(stage.points), n_cycles, stage.period) == (3, 3, 20e-6)
    assert stage.points[1][Port("awg1", 1)].start == 0.0
    assert stage.points[1][Port("awg2", 1)].start == pytest.approx(488e-9)
    assert stage.acquisitions["scope1"].start == pytest.approx(1.028e-6)


def test_a_period_too_short_for_re_arm_drops_triggers_and_the_points_slip(start):
    _, _, clients = start()
    run(clients, period=5e-6, n_samples=100)  # 1 us delay, 0.1 us record, 4.5 us re-arm
    assert heard(clients["scope1"], 1, 7) == [1, 3, 2, 1, 3, 2, 1]


def test_without_marker_nothing_is_recorded(start):
    _, world, clients = start()
    run(clients, marked=())
    assert [clients["scope1"].ask(":ADER?"), clients["scope1"].ask(":WAV:SEGM:COUN?")] == ["0", "0"]
    assert not world.stages


def test_a_step_without_marker_leaves_the_slave_behind(start):
    _, _, clients = start()
    run(clients, marked=(0, 2))
    assert heard(clients["scope1"], 1, 7) == [1, 3, 1, 3, 1, 3, 1]
    assert heard(clients["scope1"], 2, 7) == [1, 2, 3, 1, 2, 3, 1]


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ("TRIG:LEV 0.95", True),
        ("TRIG:LEV 1.4", False),  # as after power-on
        ("TRIG:LEV 1.4;IMP 1000", True),  # an input of 1 kohm sees nearly twice as much
        ("TRIG:LEV 0", False),  # the marker never was below
        ("TRIG:SLOP NEG", False),
    ],
)
def test_a_slave_starts_when_the_marker_crosses_its_trigger_level(start, settings, starts):
    _, _, clients = start()
    load(clients["awg1"], (0.1,), "ITR", marked=(0,))
    load(clients["awg2"], (0.2,), "ATR")
    clients["awg2"].send(settings, "AWGC:RUN")
    assert clients["awg2"].ask("*OPC?") == "1"
    arm(clients["scope1"], 2)
    clients["awg1"].send("AWGC:RUN")
    assert heard(clients["scope1"], 2, 2) == ([2, 2] if starts else [0, 0])


@pytest.mark.parametrize(("marker", "triggers"), [("HIGH 0.45", 0), ("HIGH 1.75", 1), ("LOW 0.6", 0)])
def test_a_digitizer_hears_a_marker_only_where_it_crosses_its_level(start, marker, triggers):
    _, _, clients = start()
    load(clients["awg1"], (0.1,), "ITR", marked=(0,))
    arm(clients["scope1"], 1)
    clients["awg1"].send(f"SOUR1:MARK1:VOLT:LEV:IMM:{marker}", "AWGC:RUN")
    assert clients["awg1"].errors() == []
    while clients["scope1"].ask(":ADER?") != str(triggers):
        continue
    assert clients["scope1"].ask(":WAV:SEGM:COUN?") == str(triggers)


def test_the_master_alone_starts_nothing_while_it_is_stopped(start):
    _, _, clients = start()
    load(clients["awg1"], (0.1,), "ITR", marked=(0,))
    arm(clients["scope1"], 2)
    assert clients["scope1"].ask(":ADER?") == "0"
    clients["awg1"].send("AWGC:RUN")
    assert heard(clients["scope1"], 1, 2) == [1, 1]


def test_an_output_that_is_off_plays_nothing(start):
    _, world, clients = start()
    load(clients["awg2"], (0.1,), "ATR")
    load(clients["awg1"], (0.1,), "ITR", marked=(0,))
    arm(clients["scope1"], 2)
    clients["awg2"].send("OUTP1 OFF;:AWGC:RUN")
    assert clients["awg2"].ask("*OPC?") == "1"
    clients["awg1"].send("AWGC:RUN")
    assert clients["awg1"].ask("*OPC?") == "1"
    assert heard(clients["scope1"], 2, 2) == [0, 0]
    assert world.stages[0][0].points[0].keys() == {Port("awg1", 1)}


def test_a_slave_that_is_started_late_is_never_aligned_silently(start):
    rack, _, clients = start()
    run(clients, levels=tuple(np.arange(1, 9) / 10), marked=range(8), late=True)
    assert heard(clients["scope1"], 1, 7) == [1, 2, 3, 4, 5, 6, 7]
    assert heard(clients["scope1"], 2, 7) != [1, 2, 3, 4, 5, 6, 7]
    assert "awg2 was started after awg1" in rack.rack.notes[0]


def test_digitizers_that_wait_together_hear_the_same_shots(start):
    _, world, clients = start()
    arm(clients["scope2"], 4)
    run(clients, n_segments=7)
    assert heard(clients["scope1"], 1, 7) == [1, 2, 3, 1, 2, 3, 1]
    assert heard(clients["scope2"], 1, 4) == [1, 2, 3, 1]
    assert len(world.stages) == 1


def test_the_world_sees_carriers_and_biases_as_they_are_set(start):
    _, world, clients = start()
    clients["source"].send("SOUR:FREQ 5.1 GHZ;:SOUR:POW 3;:OUTP ON")
    clients["bias"].send(":SOUR:FUNC CURR;:SOUR:RANG 1E-3;LEV 4E-4;:OUTP ON")
    assert clients["source"].errors() + clients["bias"].errors() == []
    run(clients)
    heard(clients["scope1"], 1, 7)
    stage = world.stages[0][0]
    assert (stage.carriers["source"].frequency, stage.carriers["source"].on) == (5.1e9, True)
    assert stage.biases == {"bias": pytest.approx(4e-4)}


def test_dropped_triggers_are_drawn_and_the_points_slip(start):
    _, _, clients = start(faults={"scope1": Faults(seed=2, dropped_triggers=0.3)})
    run(clients, n_segments=30)
    found = heard(clients["scope1"], 1, 30)
    assert found != ([1, 2, 3] * 10)
    assert set(found) == {1, 2, 3}


def test_a_world_that_fails_is_reported_by_the_digitizer(start, monkeypatch):
    _, world, clients = start()

    def fail(stage, n_cycles, hear):
        raise ValueError("no physics today")

    monkeypatch.setattr(world, "play", fail)
    monkeypatch.setattr("threading.excepthook", lambda args: None)
    run(clients)
    assert clients["scope1"].ask("*OPC?") == "1"
    assert clients["scope1"].ask(":WAV:SEGM:COUN?") == "0"
    assert clients["scope1"].ask(":SYST:ERR? STR").startswith("-200,")
