"""A world with hidden crosstalk: who harms whom is learned, separated and named; innocent ones stay together."""

from dataclasses import replace

import numpy as np
import pytest
from queued import candidate

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.daemon.company import Company, distances
from qctl.jobs.packer import Packer
from qctl.jobs.request import Claims, JobClass, Request, State
from qctl.jobs.simulate import advanced

LAB = read_laboratory(find_laboratory("ideal20"))
WINDOWS = 1200  # within which each of the two harmful pairs must be found
SHOTS, WINDOW, FRAME = 10**6, 0.1, 250e-6
PLACES = {"j1": 0, "j2": 2, "j3": 10, "j4": 12, "j5": 19}
HARMS = ({"j1", "j2"}, {"j3", "j4"})  # the one changes what the other answers, though they are no neighbours
LOSS = 0.3


def job(name, qubit):
    claims = Claims(exclusive=frozenset({f"qubit {LAB.qubit_names[qubit]}"}))
    place = replace(candidate(qubit), claims=claims)
    return Request(
        job=name, user=name, job_class=JobClass.BATCH, sequence=qubit, submitted=0.0, shots_left=SHOTS,
        candidates=(place,),
    )  # fmt: skip


def played(company, n_windows, seed=1):
    """Play some windows; return which jobs shared each, and how many jobs were alone on purpose."""
    rng, packer, here = np.random.default_rng(seed), Packer(), {name: job(name, q) for name, q in PLACES.items()}
    history = []
    for number in range(n_windows):
        state = State(now=number * WINDOW, window_s=WINDOW, frame_s=FRAME, harmful=company.harmful)
        window = packer.pack(list(here.values()), state)
        if few := company.few(list(here.values()), WINDOW, number + 1):
            window = packer.pack(few, state)
        together = {grant.job for grant in window.grants}
        counts = {}
        for grant in window.grants:
            harmed = any(pair <= together and grant.job in pair for pair in HARMS)
            ones = int(rng.binomial(grant.shots, 0.3 + LOSS * harmed))
            counts[grant.job] = {"0": grant.shots - ones, "1": ones}
            here[grant.job] = advanced(here[grant.job], grant.candidate, grant.shots)
        company.heard(counts, {name: (PLACES[name],) for name in together})
        history.append(together)
    return history


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    company = Company(LAB, folder)
    return folder, company, played(company, WINDOWS)


def names(a, b):
    return tuple(sorted(f"qubit {LAB.qubit_names[q]}" for q in (a, b)))


def test_both_harmful_pairs_are_learned_and_nobody_else_is_blamed(lived):
    _, company, _ = lived
    assert company.harmful == {names(0, 2), names(10, 12)}


def test_they_are_separated_from_then_on(lived):
    _, _, history = lived
    late = history[-50:]
    assert not any(pair <= together for together in late for pair in HARMS)
    assert any("j5" in together and len(together) > 2 for together in late)


def test_the_result_of_the_harmed_names_who_it_was(lived):
    _, company, _ = lived
    said = [one for name in PLACES for one in company.remarks(name)]
    assert len(said) == 2
    assert any("j1" in one and "j2" in one and "kept apart" in one for one in said)


def test_canaries_take_little_of_the_machine(lived):
    _, _, history = lived
    assert 0 < sum(len(together) == 1 for together in history) <= WINDOWS / 40
    assert sum(len(together) == 2 for together in history) <= WINDOWS / 10


def test_what_was_learned_outlives_the_daemon(lived):
    folder, company, _ = lived
    assert Company(LAB, folder).harmful == company.harmful


def test_a_file_that_cannot_be_read_is_learned_anew(tmp_path):
    (tmp_path / "harmful.json").write_text("{")
    assert Company(LAB, tmp_path).harmful == frozenset()


def test_distances_count_couplings():
    table = distances(LAB)
    first = next(iter(LAB.couplings.values())).pair
    a, b = (LAB.qubit_names.index(one) for one in first)
    assert (table[a, a], table[a, b]) == (0, 1)
    assert np.array_equal(table, table.T)
