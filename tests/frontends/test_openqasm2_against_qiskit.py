"""Random OpenQASM 2 programs mean the same to Qiskit's reader."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import qasm2
from qiskit.quantum_info import Operator

from qctl.frontends import read_openqasm

N_QUBITS = 4
GATES = {name: gate for gate in qasm2.LEGACY_CUSTOM_INSTRUCTIONS if (name := gate.name) not in ("delay", "u0")}
HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def theirs(text):
    circuit = qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS, include_path=(".",))
    return Operator(circuit.reverse_bits()).data


NUMBER = st.one_of(st.integers(0, 7_000_000).map(lambda n: f"{n / 1e6:.6f}"), st.integers(1, 9).map(str), st.just("pi"))
SMALL = st.one_of(NUMBER, NUMBER.map("-{}^2".format), NUMBER.map("2^-{}^0.5".format))
ARGUMENT = st.one_of(  # angles stay small: at 1e11 rad two ways of rounding already differ visibly
    SMALL,
    st.tuples(SMALL, st.sampled_from("+-*/"), NUMBER).map(lambda t: f"{t[0]}{t[1]}({t[2]}+0.5)"),
    st.tuples(st.sampled_from(["sin", "cos", "-", "+", "--"]), SMALL, SMALL).map(lambda t: f"{t[0]}({t[1]}-{t[2]})"),
)


@st.composite
def statement(draw):
    gate = GATES[draw(st.sampled_from(sorted(GATES)))]
    arguments = draw(st.lists(ARGUMENT, min_size=gate.num_params, max_size=gate.num_params))
    if gate.num_qubits > N_QUBITS:
        return "barrier q;"
    places = draw(st.permutations(range(N_QUBITS)))[: gate.num_qubits]
    given_angles = f"({','.join(arguments)})" if arguments else ""
    if gate.num_qubits == 1 and draw(st.booleans()):
        return f"{gate.name}{given_angles} q;"
    return f"{gate.name}{given_angles} {', '.join(f'q[{k}]' for k in places)};"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(statement(), max_size=10))
def test_a_random_program_is_the_unitary_that_qiskit_reads(unitary_of, same_up_to_phase, statements):
    text = f"{HEAD}qreg q[{N_QUBITS}];\n" + "\n".join(statements)
    same_up_to_phase(unitary_of(read_openqasm(text)), theirs(text))


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_of_the_library_is_that_of_qiskit(name, unitary_of, same_up_to_phase):
    gate = GATES[name]
    angles = np.random.default_rng(seed=len(name)).uniform(-6, 6, gate.num_params).tolist()
    places = ", ".join(f"q[{k}]" for k in range(gate.num_qubits))
    text = f"{HEAD}qreg q[{gate.num_qubits}];\n{name}" + (f"({','.join(map(repr, angles))})" if angles else "")
    same_up_to_phase(unitary_of(read_openqasm(f"{text} {places};")), theirs(f"{text} {places};"))


@st.composite
def definitions(draw):
    """A chain of gates, each made of gates above it."""
    out, known = [], {"u3": (3, 1), "cx": (0, 2), "rz": (1, 1), "ccx": (0, 3)}
    for index in range(draw(st.integers(1, 4))):
        body = []
        for _ in range(draw(st.integers(0, 4))):
            name = draw(st.sampled_from(sorted(known)))
            n_angles, n_qubits = known[name]
            angles = [
                draw(st.sampled_from(["a", "b", "-a", "a*b", "a+pi/3", "sin(b)", "2^a"])) for _ in range(n_angles)
            ]
            places = draw(st.permutations(["x", "y", "z"]))[:n_qubits]
            body.append(f"{name}{'(' + ','.join(angles) + ')' if angles else ''} {','.join(places)};")
        out.append(f"gate g{index}(a,b) x,y,z {{ {' '.join(body)} }}")
        known[f"g{index}"] = (2, 3)
    return "\n".join(out), index


@settings(max_examples=80, deadline=None, derandomize=True)
@given(definitions(), st.floats(-2, 2).map("{:.5f}".format), st.floats(-2, 2).map("{:.5f}".format))
def test_gates_made_of_gates_are_expanded_as_qiskit_does(unitary_of, same_up_to_phase, defined, a, b):
    text, last = defined
    program = f"{HEAD}{text}\nqreg q[4];\ng{last}({a},{b}) q[2],q[0],q[3];"
    same_up_to_phase(unitary_of(read_openqasm(program)), theirs(program))


BROADCASTS = [
    "cx a,b;",
    "cx a[1],b;",
    "cx a,b[0];",
    "h a;",
    "ccx a,b,c[1];",
    "ccx c,a,b;",
    "barrier a,b[1];",
    "u2(1,2) c;",
]


@pytest.mark.parametrize("line", BROADCASTS)
def test_registers_are_walked_as_qiskit_walks_them(line, unitary_of, same_up_to_phase):
    head = "qreg a[2]; qreg b[2]; qreg c[2]; u3(0.1,0.2,0.3) a; u3(1.1,0.4,0.7) b; u3(0.9,2.2,0.8) c;"
    text = f"{HEAD}{head} {line}"
    same_up_to_phase(unitary_of(read_openqasm(text)), theirs(text))
