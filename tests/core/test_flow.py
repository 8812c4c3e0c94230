"""What makes events depend on measured bits."""

from qctl.core.flow import Apply, Bit, Branch, Leave, Play, Scope, steers

LEAVES = Branch(Apply("==", (Bit(0), 1)), (Leave(2),))


def test_what_stands_in_a_later_scope_behind_one_that_may_leave_both_is_a_decision():
    rounds = tuple(Scope((Play(2 * k, 2 * k + 2), LEAVES)) for k in range(3))
    assert list(steers((Scope(rounds), Play(6, 7)))) == [Play(2, 4), Play(4, 6)]


def test_what_stands_behind_a_scope_that_is_left_alone_is_none():
    assert not list(steers((Scope((Play(0, 2), Branch(Bit(0), (Leave(1),)))), Play(2, 3))))
