"""What ions remember for slots: the answers of a known memory give it back, and parts are played as the step says."""

from types import SimpleNamespace

import numpy as np
import pytest

from qctl.calibrate.acceptance import judge
from qctl.calibrate.colouring import groups
from qctl.calibrate.dependencies import Dependencies
from qctl.calibrate.drift import Drift
from qctl.calibrate.targets import chosen
from qctl.compile.host import steered
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.control import limits_of
from qctl.core.record import Timing
from qctl.core.result import Result
from qctl.experiments.ions import memory
from qctl.experiments.nodes import nodes_of
from qctl.run.known import known_parameters

TARGETS = ("q0", "q2", "q4", "q6")


@pytest.fixture(scope="module")
def ions():
    laboratory = read_laboratory(find_laboratory("ion8"))
    return SimpleNamespace(laboratory=laboratory, known=known_parameters(laboratory))


def answers(ions, t2, wobble, ahead, rng, shots=100, contrast=0.97):
    """Return what ions show that forget by white noise (T2, s), and whose frequency wobbles from shot to shot (Hz)."""
    rows = []
    for slots, echo, phases in memory.PLAYED:
        t = slots * ions.laboratory.slot
        for phase in phases:
            off = ahead + wobble * rng.standard_normal((shots, len(TARGETS)))
            angle = phase - (np.full_like(off, np.pi) if echo else 2 * np.pi * t * off)
            p = (1 + contrast * np.exp(-t / t2) * np.cos(angle)) / 2
            rows.append(rng.random(p.shape) < p)
    bits = np.concatenate([np.array(rows), np.zeros((len(rows), shots, 1))], axis=2).astype(np.uint8)
    return Result(
        bits=bits, iq=np.zeros((*bits.shape[:2], 0), complex), measured=(), qubits=(), placement=(), parameters_id="",
        timing=Timing(),
    )  # fmt: skip


@pytest.mark.parametrize(("t2", "wobble"), [(0.16, 1.0), (0.27, 1.2), (0.2, 3.7), (0.57, 1.1)])
def test_a_memory_is_found_with_honest_errors(ions, t2, wobble):
    rng, step = np.random.default_rng(5), memory.IonMemory(ions.laboratory, TARGETS)
    known = ions.known.replaced({f"{t}.readout.{p}": 0.0 for t in TARGETS for p in ("p01", "p10")})
    sigmas, shares, slow = [], [], 2 * np.pi * wobble
    truth = {"t2": t2, "t2_ramsey": 2 / (1 / t2 + np.sqrt(1 / t2**2 + 2 * slow**2))}
    for _ in range(3):
        for outcome in step.read(answers(ions, t2, wobble, 2.5, rng), known):
            assert judge(outcome, memory.NODE, known, Drift(), 0.0).accepted
            found = {name.partition(".")[2]: one for name, one in outcome.found.items()}
            shares.append(found["t2"].error / found["t2"].value)
            truth["frequency"] = known[f"{outcome.target}.frequency"] + 2.5
            sigmas += [[(found[name].value - true) / found[name].error for name, true in truth.items()]]
    assert np.median(shares) < 0.45
    assert np.abs(sigmas).max() < 4
    assert 0.4 < np.sqrt(np.mean(np.square(sigmas))) < 1.6


def test_each_point_is_played_in_as_many_parts_as_the_step_says(ions):
    scan = memory.IonMemory(ions.laboratory, TARGETS).scan(ions.known)
    limits = limits_of(ions.laboratory)
    for point in (0, 2, 6, 10):
        tree = steered(scan.program, ions.known, ions.laboratory, limits, point=point).tree
        assert tree.depth == scan.parts[point]
    assert scan.seconds(ions.laboratory) == pytest.approx(36 * 50 * ions.laboratory.slot, rel=0.2)


def test_ions_wait_together_where_none_stands_beside_another_and_one_part_measures_them_all(ions):
    claims = {q: memory.claims(ions.laboratory, ions.known, q) for q in ions.laboratory.qubits}
    assert sorted(map(sorted, groups(claims, None))) == [list(TARGETS), ["q1", "q3", "q5", "q7"]]


def test_ions_of_which_no_shot_counts_are_an_answer(ions):
    result = answers(ions, 0.2, 1.0, 0.0, np.random.default_rng(1))
    nothing = Result(**{**vars(result), "kept": np.zeros(result.bits.shape[:2], bool)})
    outcomes = memory.IonMemory(ions.laboratory, TARGETS).read(nothing, ions.known)
    assert {outcome.reason for outcome in outcomes} == {"no shot counts"}


def test_the_step_goes_without_those_that_it_would_come_after(ions):
    targets = chosen(ions.laboratory, ())
    for also in (("ion_memory",), ("ion_memory", "ion_coherence")):
        needs = Dependencies.of(nodes_of(ions.laboratory, also), ions.laboratory, targets).needs
        before = [one.keys[0][0] for one in needs["ion_memory", "q0"]]
        assert before == ["ion_fine", *also[1:]]
