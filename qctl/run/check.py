"""Every mistake of a laboratory file: its text, its drivers, and what these say that their instruments cannot do."""

from __future__ import annotations

from pathlib import Path

from qctl.compile.check_shortest import check_shortest
from qctl.config import check_file, contradictions, placed, read_laboratory
from qctl.control.drivers import attempted_drivers, limits_of
from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory


def check_laboratory(path: Path) -> tuple[ConfigError, ...]:
    """Return every mistake of a laboratory file, sorted by place; what follows from another one is not looked for.

    Drivers are imported when nothing is wrong with the text, and asked for what they can do once all of them are
    right. Then the shortest shot, of one measurement at the first guesses, must be within their limits.
    """
    if mistakes := check_file(path, Laboratory):
        return mistakes
    laboratory = read_laboratory(path)
    if mistakes := contradictions(laboratory, attempted_drivers(laboratory)):
        return mistakes
    beyond = check_shortest(laboratory, limits_of(laboratory))
    return () if beyond is None else (placed(laboratory, beyond),)
