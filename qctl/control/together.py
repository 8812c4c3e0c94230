"""Talk to several instruments at once: one thread each, and every failure is heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from qctl.core.errors import InstrumentError, QctlError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def attempt_each(
    action: Callable[[str, Item], Answer], items: Mapping[str, Item]
) -> dict[str, Answer | QctlError | OSError]:
    """Apply ``action(name, item)`` to all items at once; return the answer or the error of each."""

    def attempt(name: str, item: Item) -> Answer | QctlError | OSError:
        try:
            return action(name, item)
        except (QctlError, OSError) as error:
            return error

    if not items:
        return {}
    with ThreadPoolExecutor(len(items), thread_name_prefix="instrument") as pool:
        answers = {name: pool.submit(attempt, name, item) for name, item in items.items()}
        return {name: answer.result() for name, answer in answers.items()}


def each(action: Callable[[str, Item], Answer], items: Mapping[str, Item]) -> dict[str, Answer]:
    """Apply ``action(name, item)`` to all items at once; raise the first error, with the others as notes."""
    answers: dict[str, Answer] = {}
    errors: list[QctlError] = []
    for name, answer in attempt_each(action, items).items():
        if isinstance(answer, QctlError):
            errors.append(answer)
        elif isinstance(answer, OSError):
            failed = InstrumentError(f"the link failed ({answer})", where=name)
            failed.__cause__ = answer
            errors.append(failed)
        else:
            answers[name] = answer
    if errors:
        for other in errors[1:]:
            errors[0].add_note(f"also: {other}")
        raise errors[0]
    return answers
