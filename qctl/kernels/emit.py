"""Write what every operation plays to the table of its line: a counting sort by line."""

import numpy as np
from numpy.typing import NDArray


def emit(
    rows: NDArray[np.void],
    code: NDArray[np.int32],
    first: NDArray[np.int64],
    pulses: NDArray[np.void],
    starts: NDArray[np.int64],
    plays: NDArray[np.void],
    jumps: NDArray[np.uint8],
) -> None:
    """Fill ``plays``, line after line, each in the order of ``rows``, and ``jumps``.

    Row k plays ``pulses[first[code[k]] : first[code[k] + 1]]``, each at ``start * factor + shift``, with the
    phases of the row and of the pulse.

    Parameters
    ----------
    rows : OPERATION, shape (n,)
    code : shape (n,); what a row is
    first : shape (n_codes + 1,)
    pulses : PULSE; what each code plays
    starts : shape (n_lines + 1,); line k gets exactly ``plays[starts[k] : starts[k + 1]]``
    plays : PLAY; filled
    jumps : shape (n_lines,); filled with 1 where a play starts before its predecessor in the same point, else 0

    Raises
    ------
    ValueError
        When the shapes do not fit each other, a code or line is not there, or a line gets more or fewer plays than
        there is room for. What was filled until then is left.
    """
    if len(rows) != len(code):
        raise ValueError("rows and code do not fit each other")
    if len(starts) != len(jumps) + 1:
        raise ValueError("starts and jumps do not fit each other")
    _check_rises(first, len(pulses), "first")
    _check_rises(starts, len(plays), "starts")
    wrong = np.flatnonzero((pulses["line"] < 0) | (pulses["line"] >= len(jumps)))
    if len(wrong):
        raise ValueError(f"pulse {wrong[0]} is on a line that is not there")
    there = (code >= 0) & (code < len(first) - 1)
    count = np.diff(first)[code[there]]
    row = np.repeat(np.flatnonzero(there), count)
    pulse = np.arange(len(row)) + np.repeat(first[code[there]] - (np.cumsum(count) - count), count)
    line = pulses["line"][pulse]
    order = np.argsort(line, kind="stable")
    counts, room = np.bincount(line, minlength=len(jumps)), np.diff(starts)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    row, pulse, line = row[order], pulse[order], line[order]
    bad = [*np.flatnonzero(~there), *row[rank >= room[line]]]
    if bad:
        raise ValueError(f"row {min(bad)} has a code that is not there, or more plays than there is room for")
    if np.any(counts < room):
        raise ValueError("there is room for more plays than there are")
    plays["point"], plays["phase"] = rows["point"][row], rows["phase"][row] + pulses["phase"][pulse]
    plays["start"] = rows["start"][row] * pulses["factor"][pulse] + pulses["shift"][pulse]
    for name in ("waveform", "carrier", "amplitude"):
        plays[name] = pulses[name][pulse]
    back = (np.diff(plays["start"]) < 0) & (np.diff(plays["point"]) == 0) & (np.diff(line) == 0)
    jumps[:] = 0
    jumps[line[1:][back]] = 1


def _check_rises(values: NDArray[np.int64], last: int, name: str) -> None:
    if not len(values) or values[0] != 0 or values[-1] != last or np.any(np.diff(values) < 0):
        raise ValueError(f"{name} must rise from 0 to {last}")
