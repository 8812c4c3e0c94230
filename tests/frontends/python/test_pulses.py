"""Pulses written in Python play what they say, and a laboratory answers on the axes of their sweep."""

import numpy as np
import pytest

from qctl import Axis, Circuit, Pulses
from qctl.core.errors import LimitError, ProgramError, UsageError
from qctl.core.pulse import Shape
from qctl.run import Lab


def test_rabi_is_five_lines(lab):
    pulses = Pulses(lab)
    amplitude = Axis("amplitude", np.linspace(0, 0.5, 6))
    pulses.play(pulses.drive("q0").cosine(amplitude, 32e-9)).measure("q0", "m")
    found = pulses.run(lab, 300)
    pi = lab.parameters["q0.x180.amplitude"] * lab.parameters["q0.x180.duration"] / 32e-9
    assert found.axes == (amplitude,)
    assert found.averages.shape == (6,)
    wanted = np.sin(np.pi * amplitude.values / pi / 2) ** 2
    np.testing.assert_allclose(found.averages.mean("m"), wanted, atol=0.12)


def test_tones_of_one_pulse_begin_together_or_later(lab):
    pulses = Pulses(lab)
    drive, flux = pulses.drive("q0"), pulses.flux("q0")
    start = Axis("start", [0.0, 8e-9], "s")
    pulses.play(drive.cosine(0.1, 24e-9, slope=1e-9), flux.flat(0.2, 16e-9, edge=4e-9).after(start))
    pulses.measure("q0")
    first, second = pulses.program().pulses
    assert [tone.start for tone in first.tones] == [0, 0]
    assert [tone.start for tone in second.tones] == [0, 8e-9]
    assert [tone.shape for tone in first.tones] == [Shape.COSINE, Shape.FLAT]
    assert [tone.line for tone in first.tones] == ["q0.drive", "q0.flux"]
    assert first.tones[0].frequency == lab.parameters["q0.frequency"]
    assert first.tones[1].frequency is None


def test_a_frame_keeps_its_phase_and_a_detuned_one_its_own(lab):
    pulses = Pulses(lab)
    drive = pulses.drive("q1")
    assert drive.shift(0.5) is drive
    drive.shift(Axis("phase", [0.0, 1.0]))
    above = drive.detuned(1e6)
    pulses.play(drive.flat(0.1, 20e-9)).play(above.flat(0.1, 20e-9))
    tones = [pulse.tones[0] for pulse in pulses.program().pulses]
    assert sorted({tone.phase for tone in tones}) == [0.5, 1.5]
    assert {tone.frequency for tone in tones} == {above.frequency, drive.frequency}


def test_the_flux_of_a_coupler_keeps_both_qubits_busy(lab):
    pulses = Pulses(lab).play(Pulses(lab).flux("q0-q1").flat(0.1, 40e-9))
    assert pulses.program().events["q"][0].tolist() == [0, 1]


def test_a_ramsey_sweep_of_waits_and_phases_is_one_upload_on_a_grid(lab):
    pulses = Pulses(lab)
    wait = pulses.waits("wait", [0, 1e-6])
    phase = Axis("phase", [0, np.pi], "rad")
    pulses.rx(np.pi / 2, "q2").delay(wait, "q2").r(np.pi / 2, phase, "q2").measure("q2", "m")
    found = pulses.run(lab, 200).averages.mean("m")
    assert found.shape == (2, 2)
    assert found[0, 0] > 0.85
    assert found[0, 1] < 0.15


def test_times_off_the_clock_are_refused_with_those_beside_them_or_moved_where_that_is_asked(lab):
    pulses = Pulses(lab)
    for off in (2.3e-9, 1.25e-9):
        with pytest.raises(LimitError, match=f"time {off:g} s is no multiple of 5e-10 s.*use .* or ") as refused:
            pulses.waits("wait", [1e-6, off])
        with pytest.raises(LimitError) as later:
            lab.compile(Pulses(lab).delay(Axis("wait", [1e-6, off]), "q0"))
        assert str(refused.value) == str(later.value)
    np.testing.assert_allclose(pulses.waits("wait", [2.3e-9, 0, 1e-6], nearest=True).values, [2.5e-9, 0, 1e-6])
    np.testing.assert_allclose(pulses.waits("wait", np.arange(0, 9e-9, 5e-10)).values, np.arange(0, 9e-9, 5e-10))
    with pytest.raises(LimitError, match="0 s or more"):
        pulses.waits("wait", [-1e-6], nearest=True)


def test_averages_grow_in_parts_and_keep_nothing_but_sums(lab):
    circuit = Circuit(1).rx(Axis("angle", [0, np.pi / 2, np.pi]), 0)
    circuit.measure(0, "m")
    seen = list(circuit.averages(lab, 500, at_a_time=200))
    assert [int(one.shots[0]) for one in seen] == [200, 400, 500]
    assert seen[-1].ones.shape == (3, 1)
    assert np.all(seen[-1].error("m") < seen[0].error("m"))
    np.testing.assert_allclose(seen[-1].mean("m"), [0, 0.5, 1], atol=0.12)
    assert abs(seen[-1].iq()[0] - seen[-1].iq()[2]) > 10 * seen[-1].spread()[0]


def test_a_parameter_may_be_swept_beside_the_program(lab):
    pulses = Pulses(lab)
    known = lab.parameters["q0.readout.frequency"]
    detuning = Axis("detuning", [-3e6, 0, 3e6], "Hz")
    pulses.rx(Axis("angle", [0, np.pi]), "q0").change("q0.readout.frequency", known + detuning).capture("q0", "m")
    found = pulses.run(lab, 100)
    assert [axis.name for axis in found.axes] == ["detuning", "angle"]
    assert found.averages.shape == (3, 2)
    assert set(found.traces) == {"feedline"}
    apart = np.abs(np.diff(found.averages.iq(), axis=1))[:, 0]
    assert apart.argmax() == 1
    with pytest.raises(ProgramError, match=r"pulses.run\(lab\)"):
        lab.run(pulses, 10)


def test_a_parameter_swept_within_another_axis_has_its_data_there(lab):
    angle, detuning = Axis("angle", [0, np.pi, 0]), Axis("detuning", [0, 1e3], "Hz")
    pulses = Pulses(lab).rx(angle, "q0")
    pulses.measure("q0", "m")
    pulses.change("q0.readout.frequency", lab.parameters["q0.readout.frequency"] + detuning)
    assert (pulses.axes, pulses.outer) == ((detuning, angle), (detuning,))
    pulses.over(angle, detuning)
    assert pulses.outer == (angle, detuning)
    found = pulses.run(lab, 60)
    assert found.axes == (angle, detuning)
    np.testing.assert_allclose(found.averages.mean("m"), [[0, 0], [1, 1], [0, 0]], atol=0.25)


@pytest.mark.parametrize("name", ["transmon5", "ion8", "atoms16"])
def test_a_circuit_is_played_on_every_platform_as_its_text_is(name):
    circuit = Circuit(2).h(0).cx(0, 1)
    circuit.measure_all()
    other = Lab.open(name)
    text = "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; barrier q; c = measure q;"
    assert other.compile(circuit, 10).digest == other.compile(text, 10).digest


REFUSED = {
    "the line 'q9.drive'": lambda pulses: pulses.frame("q9.drive"),
    "keeps 5 qubits busy": lambda pulses: pulses.frame("feedline", 7e9),
    "the flux line of 'q0-q2'": lambda pulses: pulses.flux("q0-q2"),
    "the qubit 'q9'": lambda pulses: pulses.x("q9"),
    "the parameter 'q0.colour'": lambda pulses: pulses.change("q0.colour", 1.0),
    "changed to '7e9'": lambda pulses: pulses.change("q0.readout.frequency", "7e9"),
    "qubit 5": lambda pulses: pulses.drive(5),
    "keeps 0 qubits busy": lambda pulses: pulses.play(),
    "a duration above 0 s": lambda pulses: pulses.play(pulses.drive("q0").flat(0.1, 0.0)).program(),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_mistake_is_refused_by_name(lab, message):
    with pytest.raises(ProgramError, match=message):
        REFUSED[message](Pulses(lab))


def test_what_only_a_bit_or_register_says_is_asked_by_its_name(lab):
    circuit = Circuit(2)
    circuit.measure([0, 1], "m")
    averages = circuit.run(lab, 20).averages
    assert averages.mean("m").shape == (2,)
    assert averages.mean(1).shape == ()
    with pytest.raises(UsageError, match="the bits 'n'; allowed: m"):
        averages.mean("n")
    with pytest.raises(UsageError, match="averages of 0 shots"):
        next(circuit.averages(lab, 0))
