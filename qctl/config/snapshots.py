"""Snapshots of parameters as files: strict JSON, one parameter a line, so that differences can be read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from qctl.core.errors import ParameterError
from qctl.core.parameters import Estimate, Parameters

from .document import content_of
from .mistakes import Mistakes, Place, shown

MAX_BYTES = 8 * 1024 * 1024
_LONGEST_NUMBER = 40
_TOP = ("number", "note", "parameters")
_ESTIMATE = ("value", "error", "unit", "time", "run")


def write_parameters(path: Path, parameters: Parameters, note: str) -> None:
    """Write a snapshot, sorted by name; the file is replaced whole or not at all.

    Parameters
    ----------
    path : ``NAME.parameters.json``
    note : where the values come from; takes the place of the snapshot's own note

    Raises
    ------
    ParameterError
        When a value is not finite.
    """
    lines = []
    for name in sorted(parameters.estimates):
        estimate = parameters.estimates[name]
        numbers = estimate.value, estimate.time, 0.0 if estimate.error == math.inf else estimate.error
        if not all(math.isfinite(number) for number in numbers):
            raise ParameterError(
                f"{name} is {estimate.value!r} with error {estimate.error!r}", allowed="finite numbers"
            )
        entry = {
            "value": float(estimate.value),
            "error": None if estimate.error == math.inf else float(estimate.error),  # JSON has no infinity
            "unit": estimate.unit,
            "time": float(estimate.time),
            "run": estimate.run,
        }
        lines.append(f"  {json.dumps(name)}: {json.dumps(entry, allow_nan=False)}")
    head = f'{{\n"number": {parameters.number},\n"note": {json.dumps(note)},\n"parameters": {{'
    text = head + ",".join(f"\n{line}" for line in lines) + "\n}\n}\n"
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def read_parameters(path: Path) -> Parameters:
    """Return the snapshot in a file.

    Raises
    ------
    ConfigError
        Lists every mistake of the file, with its place.
    """
    snapshot = _Snapshot(content_of(path, MAX_BYTES), str(path))
    read = snapshot.parameters()
    snapshot.mistakes.check()
    return read


class _RefusedError(Exception):
    """What strict JSON does not allow; the sentence says what."""


class _Snapshot:
    def __init__(self, content: bytes, where: str) -> None:
        self.mistakes = Mistakes(where)
        self.text = ""
        self.root: Any = None
        if len(content) > MAX_BYTES:
            self.mistakes.add(Place(1, 1), "too large", f"at most {MAX_BYTES} bytes")
            return
        try:
            self.text = content.decode("utf-8")
            self.root = json.loads(
                self.text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_number, parse_int=_integer
            )
        except UnicodeDecodeError as error:
            self.mistakes.add(Place(content.count(b"\n", 0, error.start) + 1, 1), "no UTF-8", "text in UTF-8")
        except json.JSONDecodeError as error:
            self.mistakes.add(Place(error.lineno, error.colno), f"no JSON: {error.msg}")
        except _RefusedError as error:
            self.mistakes.add(
                self.place(error.args[1]), str(error.args[0]), "strict JSON, finite numbers, each key once"
            )
        except RecursionError:
            self.mistakes.add(Place(1, 1), "nested too deep", "a table of parameters")

    def place(self, word: str) -> Place:
        """Return where ``word`` stands first: one parameter a line keeps that exact enough."""
        at = max(self.text.find(word), 0)
        return Place(self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at))

    def wrong(self, key: str, asked: str, allowed: str = "") -> None:
        self.mistakes.add(self.place(json.dumps(key)), asked, allowed)

    def keys(self, table: object, name: str, known: tuple[str, ...]) -> dict[str, Any]:
        """Return a table whose keys are exactly the known ones; note what is not so."""
        if not isinstance(table, dict):
            self.wrong(name, f"{shown(name) or 'the file'} is no table", f"a table with the keys {', '.join(known)}")
            return {}
        for key in (*(key for key in table if key not in known), *(key for key in known if key not in table)):
            state = "unknown" if key in table else "missing"
            self.wrong(name, f"{state} key {shown(key)!r} in {shown(name) or 'the file'}", ", ".join(known))
        return table if table.keys() == set(known) else {}

    def parameters(self) -> Parameters:
        """Return what could be read."""
        root = self.keys(self.root, "", _TOP) if not self.mistakes else {}
        number, note, table = (root.get(key) for key in _TOP)
        if not root:
            return Parameters({})
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            self.wrong("number", f"number is {shown(repr(number))}", "a whole number, zero or more")
            number = 0
        if not isinstance(note, str):
            self.wrong("note", f"note is {shown(repr(note))}", "text")
        if not isinstance(table, Mapping):
            self.wrong("parameters", "parameters is no table", "estimates by name")
            return Parameters({})
        read = {name: self.estimate(name, self.keys(entry, name, _ESTIMATE)) for name, entry in table.items()}
        return Parameters({name: estimate for name, estimate in read.items() if estimate}, number, str(note))

    def estimate(self, name: str, entry: dict[str, Any]) -> Estimate | None:
        if not entry:
            return None
        error = math.inf if entry["error"] is None else entry["error"]
        numbers = {"value": entry["value"], "error": error, "time": entry["time"]}
        bad = [key for key, value in numbers.items() if isinstance(value, bool) or not isinstance(value, int | float)]
        bad += [key for key in ("unit", "run") if not isinstance(entry[key], str)]
        bad += ["error"] if "error" not in bad and not error >= 0 else []
        bad += [] if name.partition(".")[2] else ["name"]
        for key in bad:
            said = shown(name) if key == "name" else shown(repr(entry[key]))
            self.wrong(
                name, f"{key} of {shown(name)} is {said}", "TARGET.QUANTITY, numbers, texts; error null or not negative"
            )
        if bad:
            return None
        return Estimate(float(entry["value"]), float(error), entry["unit"], float(entry["time"]), entry["run"])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f"key {shown(twice)!r} a second time", json.dumps(twice))
    return table


def _refuse(word: str) -> NoReturn:
    raise _RefusedError(f"{word} is no number of JSON", word)


def _number(word: str) -> float:
    value = float(word) if len(word) <= _LONGEST_NUMBER else math.inf
    if not math.isfinite(value):
        raise _RefusedError(f"number {shown(word)} is too large", word)
    return value


def _integer(word: str) -> int:
    if len(word) > _LONGEST_NUMBER:
        raise _RefusedError(f"number {shown(word)} is too long", word)
    return int(word)
