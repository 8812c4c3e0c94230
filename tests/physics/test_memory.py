"""Look-ups by content."""

import numpy as np

from qctl.physics.memory import Memory


def test_what_was_made_once_is_not_made_again():
    made = []

    def make():
        made.append(1)
        return np.zeros(10)

    memory = Memory()
    assert memory.get("a", make) is memory.get("a", make)
    assert len(made) == 1


def test_what_was_not_used_for_longest_is_forgotten_first():
    memory, made = Memory(most=3 * 80), []

    def get(key):
        return memory.get(key, lambda: made.append(key) or np.zeros(10))

    for key in "abcadacb":
        get(key)
    assert made == list("abcdb")
    assert memory.held <= memory.most


def test_even_what_is_too_large_is_kept_until_something_else_comes():
    memory = Memory(most=8)
    big = memory.get("big", lambda: np.zeros(100))
    assert memory.get("big", lambda: np.zeros(1)) is big
    memory.get("small", lambda: np.zeros(1))
    assert memory.held == 8
