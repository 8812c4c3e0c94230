"""What notebooks show: whole, escaped, readable on light and dark pages, and of bounded size."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from qctl import Axis, Circuit, Lab, Pulses
from qctl.core.picture.circuit import angle
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.frontends import read_program

HOSTILE = "<script>alert('1')</script>&\""
FLOW = """OPENQASM 3; qubit[2] q; bit c; h q[0]; c = measure q[0]; int n = 0;
if (c) { x q[1]; n = 1; } else { rx(int(c) * 0.5) q[1]; }"""


@pytest.fixture(scope="module")
def lab():
    return Lab.open("transmon5")  # no instrument is needed


def elements(html):
    """Return all elements; fails where the text is no well-formed XML."""
    return list(ET.fromstring(f"<div>{html}</div>").iter())


def words(html):
    return " ".join(element.text or "" for element in elements(html))


def result_of(program, shots=40):
    rng = np.random.default_rng(3)
    return Result(
        bits=rng.integers(0, 2, (program.n_points, shots, program.n_bits), np.uint8),
        iq=np.zeros((program.n_points, shots, 1), complex), measured=((0, 0),), qubits=("q0", "q1"), placement=(0, 1),
        parameters_id="7", timing=Timing(), registers=program.bits, axes=program.axes,
    )  # fmt: skip


def shown(lab):
    a, b = Axis("a", np.linspace(0, 1e-6, 4), "s"), Axis(HOSTILE, [1, 2, 3])
    single = Circuit(2).h(0).cx(1, 0).swap(0, 1).barrier().u(1, 2, 3, 0).delay(1e-6, 1).reset(0)
    single.measure([0, 1], HOSTILE)
    line, field = Circuit(1).rx(a, 0), Circuit(1).rx(a * b, 0)
    for circuit in (line, field):
        circuit.measure(0)
    pulses = Pulses(lab)
    pulses.play(pulses.drive("q0").flat(a * 1e5, 20e-9)).measure("q0")
    schedule = lab.schedule("qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;")
    return {
        "circuit": single, "flow": read_program(FLOW), "pulses": pulses, "schedule": schedule,
        "parameters": lab.parameters,
        "laboratory": lab, "counts": result_of(single.program()), "curve": result_of(line.program()),
        "field": result_of(field.program()), "averages": result_of(field.program()).averages,
    }  # fmt: skip


def test_every_picture_is_well_formed_and_takes_its_colours_from_the_page(lab):
    for name, thing in shown(lab).items():
        html = thing._repr_html_()
        found = elements(html)
        assert not any(element.tag.endswith(("script", "style", "image")) for element in found), name
        assert "http" not in html.replace("http://www.w3.org/2000/svg", ""), name
        colours = {element.get("fill") for element in found} | {element.get("stroke") for element in found}
        assert not colours & {"black", "white", "#000", "#fff", "#000000", "#ffffff"}, name


def test_names_of_users_are_text_wherever_they_stand(lab):
    pictures = shown(lab)
    for name in ("circuit", "counts", "field", "averages"):
        assert "<script" not in pictures[name]._repr_html_()
    assert "script" in words(pictures["circuit"]._repr_html_())


def test_a_circuit_shows_gates_angles_bits_and_decisions(lab):
    html = read_program(FLOW)._repr_html_()
    for said in ("q[0]", "if ", "else", "H", "RX", "M", "2 qubits, 1 bits"):
        assert said in words(html), said
    assert [angle(x) for x in (np.pi, -np.pi / 2, 3 * np.pi / 4, 0.0, 0.123456)] == ["π", "-π/2", "3π/4", "0", "0.123"]


def test_counts_are_shown_with_their_share():
    circuit = Circuit(1)
    circuit.measure(0)
    result = result_of(circuit.program(), shots=1000)
    (_, number), *_ = sorted(result.counts.items(), key=lambda item: -item[1])
    assert f"{number} ({number / 1000:.1%})" in " ".join(words(result._repr_html_()).split())
    assert "1000 shots on q0, q1; parameters 7" in words(result._repr_html_())


def test_a_schedule_shows_every_operation_for_as_long_as_it_lasts(lab):
    schedule = lab.schedule("qubit q; bit c; x q; c = measure q;")
    boxes = [e for e in elements(schedule._repr_html_()) if e.tag.endswith("rect")]
    assert len(boxes) == len(schedule.operations) == 2
    widths = [float(box.get("width")) for box in boxes]
    durations = schedule.operations["duration"]
    assert widths[0] / widths[1] == pytest.approx(durations[0] / durations[1], rel=0.05)


def test_long_programs_and_large_results_have_small_pictures_that_say_what_is_left_out():
    program = read_program("qubit[200] q; bit[200] c; " + "h q; rz(0.1) q; " * 200 + "c = measure q;")
    html = program._repr_html_()
    assert len(html) < 2e6
    assert "events are not shown" in html
    wide = Axis("w", np.linspace(0, 1, 300))
    circuit = Circuit(1).over(wide, Axis("v", np.linspace(0, 1, 300))).rx(wide, 0)
    averages = SimpleNamespace(shape=(300, 300))
    from qctl.core.picture.result import averages as drawn

    assert "300 x 300" in drawn(averages)
    assert len(circuit._repr_html_()) < 2e4


def test_a_result_whose_shots_do_not_count_is_shown_too():
    circuit = Circuit(1).rx(Axis("a", [0, 1, 2]), 0)
    circuit.measure(0)
    result = result_of(circuit.program())
    kept = np.zeros(result.bits.shape[:2], bool)
    kept[0] = True
    html = Result(**{**{f: getattr(result, f) for f in result.__dataclass_fields__}, "kept": kept})._repr_html_()
    assert elements(html)
    assert "nan" not in html


def test_values_beside_bits_are_told_in_a_notebook():
    circuit = Circuit(1)
    circuit.measure(0)
    result = replace(result_of(circuit.program(), shots=10), outputs={"n": np.array([[7] * 6 + [1000001] * 4])})
    assert "n: 7 (6 times), 1000001 (4 times)" in words(result._repr_html_())
    bare = replace(result, bits=result.bits[:, :, :0])
    assert "n: 7 (6 times), 1000001 (4 times)" in words(bare._repr_html_())
