"""Several instruments at once: every failure is heard, and nobody acts after it is over."""

import signal
import threading

import pytest

from qctl.control.together import attempt_each, each
from qctl.core.errors import InstrumentError


def fail(name, error):
    if error is not None:
        raise error
    return name


@pytest.mark.parametrize("error", [InstrumentError("no"), OSError("gone"), ValueError("a bug"), MemoryError()])
def test_an_error_of_any_kind_is_an_answer_and_hinders_no_other(error):
    assert attempt_each(fail, {"a": error, "b": None}) == {"a": error, "b": "b"}


def test_a_mistake_of_ours_is_raised_as_it_is_with_the_others_as_notes():
    with pytest.raises(ValueError, match="a bug") as caught:
        each(fail, {"a": ValueError("a bug"), "b": InstrumentError("no"), "c": OSError("gone")})
    assert caught.value.__notes__ == ["also: no", "also: c: the link failed (gone)"]


def test_an_impatient_user_does_not_end_the_wait_for_those_who_act():
    interrupted, over, acted_late = threading.Event(), threading.Event(), []

    def interrupt(number, frame):
        interrupted.set()
        raise KeyboardInterrupt

    def press(name):
        for _ in range(2):
            interrupted.clear()
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # wakes it where it waits
            interrupted.wait(0.1)  # each must have been seen before the next, where it is seen at once

    def act(name):
        acted_late.append(over.wait(0.5))

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            each(lambda name, action: action(name), {"user": press, "awg1": act})
        over.set()
    finally:
        signal.signal(signal.SIGINT, before)
    assert acted_late == [False]
