"""Wiring of a rack that decides within the shot: what does not fit together is said at its place."""

import re

import pytest

WRONG = {
    "decided_by without back": ("back: [digitizer.1, digitizer.2],\n", "\n", "decided_by without back"),
    "inputs of two instruments": (
        "decided_by: [cluster.1, cluster.2]", "decided_by: [cluster.1, digitizer.3]", "inputs of two",
    ),
    "a marker as an input": (
        "decided_by: [cluster.1,", "decided_by: [cluster.marker.2,", "marker cluster.marker.2 as an input",
    ),
    "branches without a marker": (
        "output: cluster.marker.1, branches", "output: cluster.3, branches", "branches without a marker",
    ),
    "a digitizer that branches": (
        "branches: [awg1, awg2]", "branches: [awg1, digitizer]", "digitizer has no event input",
    ),
    "an AWG that is not there": ("branches: [awg1, awg2]", "branches: [awg1, awg7]", "'awg7' is no instrument"),
    "nothing starts the decider": (
        "starts: [awg2, digitizer, cluster]", "starts: [awg2, digitizer]", "nothing starts cluster",
    ),
    "a decider without a clock": (
        "sample_rate: 1 GHz, trigger_latency: 100 ns", "trigger_latency: 100 ns", "cluster has no sample_rate",
    ),
    "a full scale that nobody sets": (
        "sample_rate: 1 GHz,", "sample_rate: 1 GHz, full_scale: 1 V,", "decider, which has no full_scale",
    ),
    "no safe state": ("  cluster: {action: off}\n", "", "cluster has no entry in safe"),
    "an unsafe safe state": ("  cluster: {action: off}", "  cluster: {action: hold}", "hold of digital outputs"),
}  # fmt: skip


@pytest.fixture(scope="module")
def branch3(configs):
    return re.sub(r"(?m)^parameters:.*\n", "", (configs / "branch3.yaml").read_text(encoding="utf-8"))


def test_the_laboratory_is_whole(branch3, mistakes_in):
    assert mistakes_in(branch3) == ()


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_said_at_its_place(branch3, mistakes_in, case):
    old, new, said = WRONG[case]
    assert old in branch3
    found = [str(mistake) for mistake in mistakes_in(branch3.replace(old, new, 1))]
    assert any(said in mistake for mistake in found), found
    assert len(found) <= 5, found
