"""Talk to several instruments at once: one thread each, and every failure is heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread
from typing import TypeVar

from qctl.core.errors import InstrumentError

from .signals import undisturbed

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def attempt_each(action: Callable[[str, Item], Answer], items: Mapping[str, Item]) -> dict[str, Answer | Exception]:
    """Apply ``action(name, item)`` to all items at once; return the answer or the error of each, of whatever kind.

    Ctrl-C takes effect when all are done, and a second one no sooner: else a thread could still switch an output on
    after it was made safe. The links' timeouts bound the wait.
    """
    answers: dict[str, Answer | Exception] = {}

    def attempt(name: str, item: Item) -> None:
        try:
            answers[name] = action(name, item)
        except Exception as error:  # noqa: BLE001 (a mistake in one driver must not keep the others from being safe)
            answers[name] = error

    # Threads of our own: a pool takes nothing any more when Python ends, which is when outputs may still be on.
    threads = [Thread(target=attempt, args=one, name=f"instrument {one[0]}") for one in items.items()]
    with undisturbed():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {name: answers[name] for name in items}


def each(action: Callable[[str, Item], Answer], items: Mapping[str, Item]) -> dict[str, Answer]:
    """Apply ``action(name, item)`` to all items at once; raise the first error, with the others as notes."""
    answers: dict[str, Answer] = {}
    errors: list[Exception] = []
    for name, answer in attempt_each(action, items).items():
        if isinstance(answer, OSError):
            failed = InstrumentError(f"the link failed ({said(answer)})", where=name)
            failed.__cause__ = answer
            errors.append(failed)
        elif isinstance(answer, Exception):
            errors.append(answer)
        else:
            answers[name] = answer
    if errors:
        for other in errors[1:]:
            errors[0].add_note(f"also: {said(other)}")
        raise errors[0]
    return answers


def said(error: Exception) -> str:
    """Return what an error says, or its name when it says nothing."""
    return str(error) or type(error).__name__
