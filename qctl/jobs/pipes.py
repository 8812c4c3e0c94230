"""Lines of JSON between the daemon and a process of its own, over standard input and output."""

from __future__ import annotations

import json
import os
from typing import IO


def taken_over() -> tuple[IO[str], IO[str]]:
    """Keep the pipes for ourselves: whatever a library prints goes to standard error, and nobody else reads ours.

    Returns
    -------
    where to write, where to read
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return answers, questions


def say(answers: IO[str], what: dict[str, object]) -> None:
    """Write one line."""
    answers.write(json.dumps(what) + "\n")
    answers.flush()
