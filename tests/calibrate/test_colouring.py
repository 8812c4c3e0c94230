"""Groups of targets that can run at the same time: never two rivals, and few groups."""

from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.calibrate.colouring import bound, conflicts, groups
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory

THINGS = st.sets(st.integers(0, 30).map(str), min_size=1, max_size=4).map(frozenset)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(0, 60).map("t{}".format), THINGS, max_size=40))
def test_every_target_is_in_one_group_and_no_rivals_share_one(claims):
    found = groups(claims)
    assert sorted(target for group in found for target in group) == sorted(claims)
    for group in found:
        assert sum(len(claims[target]) for target in group) == len(frozenset().union(*(claims[t] for t in group)))
    assert len(found) >= bound(conflicts(claims))


def test_no_target_needs_no_group():
    assert groups({}) == ()


def test_couplings_of_a_lattice_need_at_most_one_group_more_than_the_clique_bound():
    laboratory = read_laboratory(find_laboratory("wukong72"))
    pairs = {name: frozenset(one.pair) for name, one in laboratory.couplings.items()}
    neighbours = {qubit: {qubit} for qubit in laboratory.qubits}
    for pair in pairs.values():
        for qubit in pair:
            neighbours[qubit] |= pair
    near = {name: pairs[name] for name in pairs}
    wide = {name: frozenset().union(*(neighbours[qubit] for qubit in pair)) for name, pair in pairs.items()}
    lines = {name: frozenset({qubit.readout}) for name, qubit in laboratory.qubits.items()}
    alone = {name: frozenset({name}) for name in laboratory.qubits}
    wanted = {"pairs": near, "pairs and their neighbours": wide, "one qubit a feedline": lines, "every qubit": alone}
    sizes = {}
    for name, claims in wanted.items():
        least = bound(conflicts(claims))
        sizes[name] = len(groups(claims)), least
        assert len(groups(claims)) <= least + 1, name
    assert sizes["pairs"] == (4, 4)
    assert sizes["every qubit"] == (1, 1)
