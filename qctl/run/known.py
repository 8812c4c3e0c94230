"""What is known of a laboratory: assumed, guessed, committed beside its file, stored; and under which name."""

from __future__ import annotations

import re
from pathlib import Path

from qctl.compile import default_parameters
from qctl.config import read_parameters
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import BY_HAND, Parameters

_DIGITS = re.compile(r"\d+")


def known_parameters(laboratory: Laboratory, stored: Parameters | None = None) -> Parameters:
    """Return what is assumed and first guessed, then what the file's own snapshot says, then what is stored.

    A stored snapshot that leaves no guess open stands alone: what it does not hold (a third exponential of a flux line)
    is not there, whatever the file's own snapshot found once.
    """
    known = default_parameters(laboratory)
    committed = laboratory.parameters
    whole = stored is not None and known.estimates.keys() <= stored.estimates.keys()
    fallback = committed is not None and not whole
    layers = [read_parameters(Path(laboratory.path).parent / str(committed))] if fallback else []
    for layer in [*layers, *([stored] if stored else [])]:
        known = Parameters({**known.estimates, **layer.estimates}, layer.number, layer.note, layer.parent)
    return known


def stored_as(laboratory: Laboratory, twin: Path | None) -> str:
    """Return under which name the parameters of a laboratory are stored; each other truth behind it has its own."""
    return laboratory.name if twin is None else f"{laboratory.name}@{twin.stem}"


def refuse_strangers(known: Parameters, laboratory: Laboratory) -> None:
    """Raise UsageError where a value that was replaced by hand is of a qubit that the laboratory does not have.

    Names are known by their form: where qubits are q0 to q4, q77 and q0-q77 are strangers, feedline and trap are not.
    """
    forms = {_DIGITS.sub("#", name) for name in laboratory.qubits}
    for name, estimate in known.estimates.items():
        if estimate.run == BY_HAND:
            parts = name.split(".")[0].split("-")
            strange = [part for part in parts if _DIGITS.sub("#", part) in forms and part not in laboratory.qubits]
            if strange:
                raise UsageError(
                    f"a value for {name!r}", allowed=f"qubits {', '.join(laboratory.qubits)}", where=laboratory.name,
                    remedy=f"there is no {strange[0]}: replace a value of one that is there",
                )  # fmt: skip
