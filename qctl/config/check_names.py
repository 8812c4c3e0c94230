"""Names in a laboratory file: well formed, not used for two things, and known where they are used."""

from __future__ import annotations

import re
from pathlib import Path

from qctl.core.laboratory import instrument_of
from qctl.platforms import PLATFORMS

from .check_ports import INPUTS
from .document import Steps
from .draft import Draft
from .mistakes import shown

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_LINE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,126}")
_DRIVER = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*")


def check_names(draft: Draft) -> None:
    """Check every name where it is given and where it is used."""
    _given(draft)
    _used_by_lines(draft)
    _used_by_qubits(draft)
    for name, entry in draft.laboratory.instruments.items():
        if not _DRIVER.fullmatch(entry.driver):
            draft.wrong(("instruments", name, "driver"), f"{entry.driver!r} names no driver", "'MODULE:CLASS'")
    platform = draft.laboratory.platform
    if platform and platform not in PLATFORMS:
        draft.wrong(
            ("platform",), f"{shown(platform)!r} is no platform", ", ".join(PLATFORMS), like=(platform, PLATFORMS)
        )
    snapshot = draft.laboratory.parameters
    if snapshot is not None:
        _snapshot(draft, snapshot)


def _given(draft: Draft) -> None:
    first: dict[str, str] = {}
    for section, pattern in (("instruments", _WORD), ("qubits", _WORD), ("lines", _LINE)):
        for name in draft.document.declared(section):
            if not pattern.fullmatch(name):
                draft.wrong((section, name), f"{name!r} is no name", "letters, digits and _, a letter first")
            if section != "instruments" and first.setdefault(name, section) != section:
                draft.wrong((section, name), f"{name!r} already names one of {first[name]}", "a name for each")
    for name, coupling in draft.laboratory.couplings.items():
        if name != "-".join(coupling.pair):
            draft.wrong(("couplings", name, "pair"), f"{name!r} couples {' and '.join(coupling.pair)}",
                        f"the pair of its name; {'-'.join(coupling.pair)} as the name of this pair")  # fmt: skip


def _used_by_lines(draft: Draft) -> None:
    instruments = draft.document.declared("instruments")
    for name, line in draft.laboratory.lines.items():
        used: dict[Steps, str] = {(key,): instrument_of(end) for key, end, _ in line.uses if key not in INPUTS}
        used |= {(key, str(k)): port.instrument for key in INPUTS for k, port in enumerate(getattr(line, key) or ())}
        used |= {("starts", str(k)): started for k, started in enumerate(line.starts)}
        used |= {("branches", str(k)): name for k, name in enumerate(line.branches)}
        for steps, instrument in used.items():
            draft.known(("lines", name, *steps), instrument, instruments, "instrument")


def _used_by_qubits(draft: Draft) -> None:
    lines, qubits = draft.document.declared("lines"), draft.document.declared("qubits")
    for name, qubit in draft.laboratory.qubits.items():
        for key, line in (("drive", qubit.drive), ("readout", qubit.readout), ("flux", qubit.flux)):
            if line is not None:
                draft.known(("qubits", name, key), line, lines, "line")
    pairs: dict[frozenset[str], str] = {}
    for name, coupling in draft.laboratory.couplings.items():
        for k, qubit_name in enumerate(coupling.pair):
            draft.known(("couplings", name, "pair", str(k)), qubit_name, qubits, "qubit")
        if coupling.flux is not None:
            draft.known(("couplings", name, "flux"), coupling.flux, lines, "line")
        if coupling.pair[0] == coupling.pair[1]:
            draft.wrong(("couplings", name, "pair"), f"{coupling.pair[0]} coupled to itself", "two qubits")
        elif pairs.setdefault(frozenset(coupling.pair), name) != name:
            draft.wrong(("couplings", name), f"{name} is {pairs[frozenset(coupling.pair)]} again", "each pair once")


def _snapshot(draft: Draft, snapshot: str) -> None:
    beside = Path(draft.laboratory.path).parent
    if Path(snapshot).name != snapshot or not snapshot.endswith(".parameters.json"):
        draft.wrong(
            ("parameters",), f"{snapshot!r} names no snapshot", "NAME.parameters.json in the folder of this file"
        )
    elif not (beside / snapshot).is_file():
        there = [path.name for path in sorted(beside.glob("*.parameters.json"))]
        draft.wrong(("parameters",), f"there is no {snapshot} in {beside}", few_or_none(there), like=(snapshot, there))


def few_or_none(names: list[str]) -> str:
    """Return the files that are there, for a message."""
    return ", ".join(names[:12]) or "a snapshot beside this file; none is there: put it there, or leave the key out"
