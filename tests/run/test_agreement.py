"""What compiles runs and what does not is refused alike; how long a run takes is known, and bounded, beforehand."""

from dataclasses import replace

import pytest

from qctl.compile.capabilities import capabilities, refusal
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.control import limits_of
from qctl.core.errors import CompileError, LimitError
from qctl.frontends import read_program
from qctl.integrations.qiskit.target import full_target
from qctl.run import Lab
from qctl.run.known import known_parameters

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit c; '
PARTS = {
    "a loop": "c = measure q[0]; while (c) { x q[0]; c = measure q[0]; }",
    "a reset": "x q[0]; reset q[0]; x q[0]; c = measure q[0];",
    "a gate behind a measurement": "c = measure q[0]; x q[0]; c = measure q[0];",
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    return {name: Lab.open(name, state=folder) for name in ("ion8", "atoms16", "transmon5")}


@pytest.mark.parametrize("program", PARTS.values(), ids=PARTS)
@pytest.mark.parametrize("name", ["ion8", "atoms16"])
def test_what_the_host_steers_compiles_to_the_parts_that_run_plays(opened, name, program):
    lab = opened[name]
    sequence = lab.compile(HEAD + program, 7)
    assert sequence.tree is not None
    assert sequence.n_points >= sequence.tree.n_parts > 1
    assert lab.machine_time(HEAD + program, 7) == pytest.approx(7 * sequence.shot_seconds)
    assert refusal(read_program(HEAD + program), lab.parameters, lab.laboratory, lab.limits) is None


@pytest.mark.parametrize("program", [PARTS["a loop"], PARTS["a reset"]], ids=["a loop", "a reset"])
@pytest.mark.parametrize("name", ["ion8", "atoms16"])
def test_beside_others_it_is_refused_with_the_truth_and_what_to_do(opened, name, program):
    lab = opened[name]
    with pytest.raises(CompileError) as refused:
        lab.run_many([HEAD + program], 1)
    assert "the host of " in refused.value.allowed
    assert "run it alone" in refused.value.remedy
    assert "lacks" not in str(refused.value)
    assert "T2" not in str(refused.value)


def test_what_nobody_decides_compile_and_run_refuse_alike(opened):
    lab = opened["transmon5"]
    for program in (PARTS["a loop"], PARTS["a reset"]):
        said = []
        for ask in (lab.compile, lab.run):
            with pytest.raises(CompileError, match=r"T2.*no instrument of transmon5 branches") as refused:
                ask(HEAD + program, 1)
            said.append(str(refused.value))
        assert said[0] == said[1]


@pytest.mark.parametrize(("slot", "t2", "decides"), [(20e-3, 1.0, True), (1e-6, 1.0, False), (20e-3, 0.03, False)])
def test_one_rule_says_whether_the_host_decides_in_time(opened, slot, t2, decides):
    lab = opened["ion8"]
    laboratory = replace(lab.laboratory, slot=slot, digest="")
    known = lab.parameters.replaced({f"{qubit}.t2": t2 for qubit in laboratory.qubits})
    able = capabilities(known, laboratory, lab.limits)
    assert able.feedback is decides
    assert ("4 ms" in able.no_feedback or "two slots within T2" in able.no_feedback) is not decides
    assert not any(each in able.no_feedback for each in ("ion8", "feedback", "each_way"))  # a reason, not an error
    assert ("if_else" in full_target(known, laboratory).operation_names) is decides
    program = read_program(HEAD + PARTS["a loop"])
    assert (refusal(program, known, laboratory, lab.limits) is None) is decides


def test_a_run_that_takes_too_long_is_refused_before_anything_is_opened(opened):
    lab = opened["atoms16"]
    program = HEAD + "x q[0]; c = measure q[0];"
    assert lab.machine_time(program, 4000) == pytest.approx(800)
    with pytest.raises(LimitError, match=r"20000 shots that take 1\.11 h of machine time; allowed: 1 h.*longest_run"):
        lab.run(program, 20_000)
    with pytest.raises(LimitError, match=r"4000 shots that take 13\.3 min of machine time; allowed: 10 min"):
        lab.run(program, 4000, longest=600.0)
    assert lab._station is None


@pytest.mark.parametrize("program", ["x q[0]; c = measure q[0];", PARTS["a loop"]], ids=["at one go", "in parts"])
def test_a_long_run_tells_how_long_it_takes_before_anything_is_opened(opened, program):
    class GaveUpError(Exception):
        pass

    def gives_up(seconds):
        raise GaveUpError(f"{seconds:.6g}")

    lab = opened["atoms16"]
    with pytest.raises(GaveUpError) as told:
        lab.run(HEAD + program, 500, tell=gives_up)
    assert float(str(told.value)) == pytest.approx(lab.machine_time(HEAD + program, 500), rel=1e-4)
    assert lab._station is None


def test_where_nobody_branches_capabilities_and_refusals_say_so_with_figures_however_long_qubits_remember():
    laboratory = read_laboratory(find_laboratory("ideal20"))
    known, limits = known_parameters(laboratory), limits_of(laboratory)
    able = capabilities(known, laboratory, limits)
    assert "no instrument branches" in able.no_feedback
    assert "1 ms where T2 is 1 s at most" in able.no_feedback
    said = refusal(read_program(HEAD + PARTS["a loop"]), known, laboratory, limits)
    assert "no instrument of ideal20 branches" in said
    assert "within T2, which is 1 s at most (q0); the host needs 1 ms" in said
