"""Variables and parts of them: where they are, what they hold, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Generic, TypeVar

import numpy as np

from qctl.core.errors import ProgramError
from qctl.core.flow import Apply, Bit, Fail, Term, combine

from ..tape import Place, Signal, Tape
from ..values import Type, Value, cast
from .names import Variable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One of several things; which one is known only when the program runs."""

    index: Term
    ways: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable or a part of one.

    Parameters
    ----------
    type : of the part
    places : one for each bit of a register of bits and of an array of these, otherwise one for each element; row by row
    word : the type of the one place of which only some bits are meant
    bits : which ones
    """

    type: Type
    places: tuple[Place, ...]
    word: Type | None = None
    bits: tuple[int, ...] = ()


Index = int | tuple[int, ...] | Term
"""One element, several ones, or one that is known only when the program runs."""


def whole(variable: Variable) -> Reference:
    """Return the whole of a variable."""
    return Reference(variable.type, variable.places)


def size_of(reference: Reference, axis: int = 0) -> int:
    """Return how many elements an axis of a part has."""
    shape = reference.type.shape or (reference.type.width,)
    if axis >= len(shape):
        raise ProgramError(f"index {axis + 1} of {reference.type}", allowed=f"{len(shape)}")
    if not reference.type.shape and reference.type.kind not in ("bit", "int", "uint", "angle"):
        raise ProgramError(f"an index of {reference.type}", allowed="arrays, registers, whole numbers and angles")
    return shape[axis]


def part(reference: Reference, indices: Sequence[Index]) -> Reference | Choice[Reference]:
    """Return a part of a variable; ``indices`` are those within one pair of brackets."""
    for axis, index in enumerate(indices):
        if not isinstance(index, (int, tuple)):
            ways = range(size_of(reference, axis))
            before, after = indices[:axis], indices[axis + 1 :]
            chosen = tuple(part(reference, [*before, k, *after]) for k in ways)
            return Choice(index, chosen)  # type: ignore[arg-type]
    if reference.type.shape:
        return _of_array(reference, indices)
    if len(indices) != 1:
        raise ProgramError(f"{len(indices)} indices of {reference.type}", allowed="one")
    chosen_bits = (indices[0],) if isinstance(indices[0], int) else tuple(indices[0])  # type: ignore[arg-type]
    kind = Type("bit", len(chosen_bits))
    if reference.word is not None:
        return replace(reference, type=kind, bits=tuple(reference.bits[k] for k in chosen_bits))
    if reference.places[0] < 0:
        return Reference(kind, tuple(reference.places[k] for k in chosen_bits))
    return Reference(kind, reference.places, reference.type, chosen_bits)


def _of_array(reference: Reference, indices: Sequence[Index]) -> Reference | Choice[Reference]:
    places = np.array(reference.places).reshape(*reference.type.shape, -1)
    n_axes, rest = len(reference.type.shape), indices[len(reference.type.shape) :]
    axis = 0
    for index in indices[:n_axes]:
        places = places.take(index, axis)  # type: ignore[arg-type]
        axis += not isinstance(index, int)
    found = Reference(replace(reference.type, shape=places.shape[:-1]), tuple(places.reshape(-1).tolist()))
    return part(found, rest) if rest else found


def read(tape: Tape, at: Reference | Choice[Reference]) -> Value:
    """Return what a part of a variable holds."""
    if isinstance(at, Choice):
        values = [read(tape, way) for way in at.ways]
        if values[0].type.shape:
            parts = zip(*(value.data for value in values), strict=True)
            return Value(values[0].type, tuple(combine("picked", at.index, *each) for each in parts))
        return Value(values[0].type, combine("picked", at.index, *(value.term for value in values)))
    if at.word is not None:
        word = tape.read(at.places[0])
        return Value(at.type, _packed([combine("&", combine("<<", word, -k), 1) for k in at.bits]))  # type: ignore[arg-type]
    held = [tape.read(place) for place in at.places]
    if at.type.shape:
        n = _n_places(at)
        return Value(at.type, tuple(held if n == 1 else [_packed(held[k : k + n]) for k in range(0, len(held), n)]))  # type: ignore[arg-type]
    return Value(at.type, _packed(held) if at.places[0] < 0 else held[0])  # type: ignore[arg-type]


def _n_places(at: Reference) -> int:
    """Return how many places each element of an array has."""
    return at.type.width if at.places[0] < 0 else 1


def _packed(bits: Sequence[Term]) -> Term:
    return bits[0] if len(bits) == 1 else combine("packed", *bits)


def write(tape: Tape, at: Reference | Choice[Reference], value: Value) -> None:
    """Give a part of a variable a value, which is cast to its type."""
    if isinstance(at, Choice):
        ways = at.ways
        choose(tape, at.index, len(ways), lambda k: write(tape, ways[k], value), "an element that does not exist")
        return
    new = cast(value, at.type)
    if at.word is not None:
        mask = sum(1 << bit for bit in at.bits)
        kept = combine("&", combine("word", tape.read(at.places[0]), at.word.width), ~mask & (1 << at.word.width) - 1)  # type: ignore[arg-type]
        for k, bit in enumerate(at.bits):
            kept = combine("|", kept, combine("<<", combine("&", combine("<<", new.term, -k), 1), bit))
        tape.assign(at.places[0], combine("signed", kept, at.word.width) if at.word.kind == "int" else kept)
    elif at.type.shape:
        n = _n_places(at)
        for k, each in enumerate(new.data):  # type: ignore[arg-type]
            if at.places[0] < 0:
                tape.store(at.places[k * n : (k + 1) * n], each)  # type: ignore[arg-type]
            else:
                tape.assign(at.places[k], each)
    elif at.places[0] < 0:
        tape.store(at.places, new.term)
    else:
        tape.assign(at.places[0], new.data)  # type: ignore[arg-type]


def choose(tape: Tape, index: Term, n_ways: int, way: Callable[[int], object], failure: str) -> None:
    """Go the way whose number an index turns out to be; fail when there is none."""

    def among(first: int, last: int) -> Signal:
        if last - first == 1:
            way(first)
            return None
        middle = (first + last) // 2
        lower = combine("<", index, middle)
        return tape.branch(lower, lambda: among(first, middle), lambda: among(middle, last), "")

    def fail() -> Signal:
        tape.add(Fail(failure))
        return None

    if _most(index) < n_ways:
        among(0, n_ways)
        return
    outside = combine("or", combine("<", index, 0), combine(">=", index, n_ways))
    tape.branch(outside, fail, lambda: among(0, n_ways), "")


def _most(index: Term) -> float:
    """Return what an index from 0 is at most, as far as that can be seen; infinity for those that may be negative."""
    if isinstance(index, Bit):
        return 1
    if isinstance(index, Apply) and index.name == "packed" and len(index.arguments) < 64:
        return float(2 ** len(index.arguments) - 1)
    return inf
