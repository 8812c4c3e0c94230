"""A program that has been read: its flow is frozen, bits that are known by now are written, hidden bits come last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import numpy as np

from qctl.core.flow import Play, Store, Term
from qctl.core.program import Op, Program, Register

from .nodes import Freezer
from .tape import Tape

Outputs = Mapping[str, Term | None]
"""What results show, by name: a term, or None for a register of bits."""


def finished(program: Program, tape: Tape, outputs: Outputs | None = None) -> Program:
    """Return the program with its flow; without one, when every event is played once and nothing is computed.

    Parameters
    ----------
    program : all events and declared registers
    tape : everything that was done
    """
    nodes = [*tape.nodes(), *_last_stores(tape)]
    kept = tuple(r for r in program.bits if outputs is None or r.name in outputs)
    if (
        not tape.n_hidden
        and len(kept) == len(program.bits)
        and not outputs
        and nodes in ([], [(0, len(program.events))])
    ):
        return program
    shown = list(chain.from_iterable(range(r.start, r.start + r.size) for r in kept))
    hidden = sorted(set(range(program.n_bits)) - set(shown))
    hidden += range(Tape.FIRST_HIDDEN, Tape.FIRST_HIDDEN + tape.n_hidden)
    number = {bit: k for k, bit in enumerate([*shown, *hidden])}
    freezer, events = Freezer(number), program.events
    flow = freezer.block(nodes)
    terms = tuple((name, freezer.term(term)) for name, term in (outputs or {}).items() if term is not None)
    static = flow in ((), (Play(0, len(events)),)) and not terms
    measured = events["op"] == Op.MEASURE
    events["bit"][measured] = [number[bit] for bit in events["bit"][measured].tolist()]
    starts = np.cumsum([0, *(register.size for register in kept)]).tolist()
    return replace(
        program,
        bits=tuple(Register(r.name, start, r.size) for r, start in zip(kept, starts, strict=False)),
        n_bits=len(number),
        n_hidden=len(hidden),
        flow=() if static else (flow,),
        n_cells=0 if static else tape.n_cells,
        outputs=terms,
    )


def _last_stores(tape: Tape) -> list[Store]:
    """Return what bits must still be written: those that are known at the end, but are not 0 since the beginning."""
    known = {~p: int(v.real) for p, v in tape.known.items() if p < 0 and ~p < Tape.FIRST_HIDDEN}
    return [Store((bit,), value) for bit, value in sorted(known.items()) if value or bit in tape.written]
