"""Rows C1-C4 and C7 of the fault matrix, by the thousand: nothing wrong is ever accepted."""

import numpy as np
import pytest

from qctl.core.errors import InstrumentError
from qctl.transport import command, grammar

N_QUERIES = 10_000


def ask_all(session, n_queries, number, block):
    """Return how many answers were wrong, and how many queries were given up."""
    room = np.empty(512, np.int16)
    wrong = refused = 0
    for k in range(n_queries):
        try:
            if k % 20 == 19:
                session.ask_block(command("DATA?", k, room.nbytes), room)
                wrong += room.tobytes() != block(k, room.nbytes)
            elif k % 5 == 4:
                wrong += session.ask(command("NAME?", k), grammar.quoted) != f"wave{k}"
            else:
                wrong += session.ask(command("VAL?", k), grammar.nr3) != float(number(k))
        except InstrumentError:
            refused += 1
    return wrong, refused


def test_ten_thousand_queries_under_five_percent_faults_accept_no_wrong_value(open_session, make_faults, number, block):
    faults = make_faults(seed=1, rate=0.0)
    session = open_session(faults=faults, timeout=0.008)
    faults.rate = 0.05
    wrong, refused = ask_all(session, N_QUERIES, number, block)
    assert wrong == 0
    assert sum(faults.counts.values()) > 0.04 * N_QUERIES
    assert all(faults.counts.values()), faults.counts
    assert refused < 0.005 * N_QUERIES  # retries mend nearly all of them


def test_the_same_faults_would_deceive_a_session_without_tags(open_session, make_faults, number, block):
    faults = make_faults(seed=1, rate=0.0)
    session = open_session(faults=faults, timeout=0.008, tagged=False)
    faults.rate = 0.05
    wrong, _ = ask_all(session, N_QUERIES // 10, number, block)
    assert wrong > 0


@pytest.mark.parametrize("seed", range(3))
def test_answers_to_many_queries_in_one_message_are_never_mixed_up(open_session, make_faults, seed):
    faults = make_faults(seed=seed, rate=0.0)
    session = open_session(faults=faults, timeout=0.008)
    faults.rate = 0.2
    answered = 0
    for k in range(0, 800, 8):
        try:
            found = session.ask_many([command("NAME?", i) for i in range(k, k + 8)], grammar.quoted)
        except InstrumentError:
            continue
        answered += 1
        assert found == [f"wave{i}" for i in range(k, k + 8)]
    assert answered > 80
