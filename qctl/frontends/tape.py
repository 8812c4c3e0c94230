"""A flow under construction: values that are known already, and statements for those that are not.

Programs are run while they are read. What is known is kept as a value; what depends on measured bits becomes a
statement. Where two ways meet, values on which they differ are written into their variables on either way (online
partial evaluation: Jones, Gomard, Sestoft, "Partial Evaluation and Automatic Program Generation", chapters 4 and 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from qctl.core.flow import Apply, Assign, Bit, Cell, Expression, Statement, Store, Term

from .nodes import LeaveTo, Nodes, Repeat, Split, Within
from .stream import EventStream

Known = complex | float | int | Fraction
Place = int
"""A variable: a cell if 0 or more, otherwise ``~bit``."""


@dataclass(eq=False, slots=True)
class Target:
    """Where a statement that leaves goes on: behind a loop, a round, a subroutine or the program.

    Attributes
    ----------
    exits : ways that come here from within branches on measured bits: a place for assignments, and what is known
    crossed : whether any such way leads out of here or farther
    """

    exits: list[tuple[Nodes, dict[Place, Known]]] = field(default_factory=list)
    crossed: bool = False


GONE = Target()
"""Where a way goes that never comes back here."""

Signal = Target | None
Body = Callable[[], Signal]


class Tape:
    """Statements in order, and what is known after them.

    Parameters
    ----------
    stream : where events go; rows that were added since the last statement become a statement of their own

    Attributes
    ----------
    known : values of variables, by place; what is missing is known only when the program runs
    n_cells, n_hidden : how many variables and hidden bits there are
    written : bits that something was measured or stored into
    """

    FIRST_HIDDEN = 1 << 20

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self.known: dict[Place, Known] = {}
        self.n_cells = self.n_hidden = 0
        self.written: set[int] = set()
        self._nodes: Nodes = []
        self._mark = len(stream)
        self._targets: list[Target] = []

    def new_cell(self, value: Known) -> Place:
        """Return a new variable."""
        self.n_cells += 1
        self.known[self.n_cells - 1] = value
        return self.n_cells - 1

    def new_bits(self, size: int) -> tuple[Place, ...]:
        """Return new bits that no result shows, all 0."""
        first = self.FIRST_HIDDEN + self.n_hidden
        self.n_hidden += size
        places = tuple(~bit for bit in range(first, first + size))
        self.known.update(dict.fromkeys(places, 0))
        return places

    def forget(self, counts: tuple[int, int]) -> None:
        """Drop what is known of variables that are newer than ``counts`` says: their scope has ended."""
        for place in range(counts[0], self.n_cells):
            self.known.pop(place, None)
        for bit in range(counts[1], self.n_hidden):
            self.known.pop(~(self.FIRST_HIDDEN + bit), None)

    def read(self, place: Place) -> Known | Term:
        """Return the value of a variable, or the expression that becomes it."""
        value = self.known.get(place)
        if value is not None:
            return value
        return Cell(place) if place >= 0 else Bit(~place)

    def number(self, place: Place) -> Term:
        """Return the value of a variable that holds no complex number."""
        value = self.read(place)
        assert not isinstance(value, complex)
        return value

    def assign(self, place: Place, value: Known | Term) -> None:
        """Give a variable or bit a value."""
        if isinstance(value, Expression) and is_late(value):
            self.add(Assign(place, value) if place >= 0 else Store((~place,), value))
            self.measured((place,))
        else:
            self.known[place] = value  # type: ignore[assignment] # a sum of stretches is known, if not as a number

    def store(self, places: tuple[Place, ...], word: Term) -> None:
        """Write a word into bits, the lowest into the first."""
        if len(places) == 1 and word == Bit(~places[0]):
            return  # it holds that already
        if isinstance(word, Expression):
            self.add(Store(tuple(~place for place in places), word))
            self.measured(places)
        else:
            self.known.update({place: int(word) >> k & 1 for k, place in enumerate(places)})

    def measured(self, places: Iterable[Place]) -> None:
        """Forget what variables held: it is known only when the program runs."""
        places = list(places)
        self.written.update([~place for place in places if place < 0])
        for place in self.known.keys() & places if len(self.known) < len(places) else places:
            self.known.pop(place, None)

    def add(self, statement: Statement) -> None:
        """Append a statement."""
        self.flush()
        self._nodes.append(statement)

    def flush(self) -> None:
        """Make a statement of the events that were added."""
        if len(self._stream) > self._mark:
            self._nodes.append((self._mark, len(self._stream)))
            self._mark = len(self._stream)

    @property
    def length(self) -> tuple[int, int]:
        """Return how many events and statements there are here."""
        return len(self._stream), len(self._nodes)

    def nodes(self) -> Nodes:
        """Return all statements so far."""
        self.flush()
        return self._nodes

    def branch(self, condition: Term, then: Body, otherwise: Body, where: str) -> Signal:
        """Go one of two ways; return where both lead, if they lead to the same place."""
        if not isinstance(condition, Expression):
            return then() if condition else otherwise()
        self.flush()
        entry, alive = self.known, self._alive()
        ways = [self._apart(body, dict(entry)) for body in (then, otherwise)]
        self._nodes.append(Split(condition, ways[0][0], ways[1][0], where))
        signals = {id(signal): signal for _, _, signal in ways}
        if len(signals) == 1:
            self.known = self._joined([(nodes, known) for nodes, known, _ in ways], alive)
            return ways[0][2]
        for nodes, known, signal in ways:
            if signal is not None:
                self._leave(nodes, known, signal)
        going_on = [known for _, known, signal in ways if signal is None]
        if not going_on:
            return GONE
        self.known = going_on[0]
        return None

    def scope(self, target: Target, body: Body) -> Signal:
        """Run a body that may leave to ``target``; return where it leads otherwise."""
        alive = self._alive()
        self._targets.append(target)
        nodes, known, signal = self._apart(body, self.known)
        self._targets.pop()
        self.known = known
        if not target.exits:
            self._nodes += nodes
            return None if signal is target else signal
        if signal in (None, target):
            target.exits.append((_slot(nodes), known))
        elif signal is not GONE:
            self._leave(nodes, known, signal)
        self.known = self._joined(target.exits, alive)
        self._nodes.append(Within(target, nodes))
        return None

    def loop(
        self, target: Target, condition: Callable[[], Term], body: Callable[[Target], Signal], where: str
    ) -> Signal:
        """Repeat a body as long as a condition holds, which is asked when the program runs.

        The body is told where its own end is: what leaves to there goes on with the next round.

        What is known at the head of the loop must hold in every round: what a round changes is forgotten, and the loop
        is read again, until nothing changes.
        """
        self.flush()
        entry, alive = self.known, self._alive()
        header = dict(entry)
        while True:
            start = self.here()
            self._targets.append(target)
            found = self._round(header, condition, body)
            self._targets.pop()
            changed = found.changed(header, [known for _, known in target.exits])
            if not changed:
                break
            self.go_back(start)
            target.exits.clear()
            for place in changed:
                del header[place]
        self._write(self._nodes, entry, header, alive)
        self._write(found.back, found.end or {}, header, alive)
        for slot, known in target.exits:
            self._write(slot, known, header, alive)
        self._write(found.out, found.asked, header, alive)
        self.measured(entry.keys() - header.keys())
        self.known = header
        if found.pre or found.out:
            split = Split(found.condition, [], [found.out, LeaveTo(target)], where)
            self._nodes.append(Repeat(target, 1, [*found.pre, split, *found.nodes], where))
        else:
            self._nodes.append(Repeat(target, found.condition, found.nodes, where))
        endless = not isinstance(found.condition, Expression)
        return GONE if endless and not target.exits else None

    def here(self) -> Here:
        """Return a place to go back to."""
        self.flush()
        exits = [(target, len(target.exits)) for target in self._targets]
        return Here(self._nodes, len(self._nodes), self._mark, dict(self.known), (self.n_cells, self.n_hidden), exits)

    def go_back(self, here: Here) -> None:
        """Undo everything since a place."""
        self._nodes, self._mark, self.known = here.nodes, here.row, dict(here.known)
        del self._nodes[here.n_nodes :]
        self._stream.cut(here.row)
        self.n_cells, self.n_hidden = here.counts
        self._targets = [target for target, _ in here.exits]
        for target, n_exits in here.exits:
            del target.exits[n_exits:]

    def _round(
        self, header: dict[Place, Known], condition: Callable[[], Term], body: Callable[[Target], Signal]
    ) -> _Round:
        holder: list[Term] = []

        def ask() -> Signal:
            holder.append(condition())
            return None

        pre, asked, _ = self._apart(ask, dict(header))
        own = Target()
        nodes, end, signal = self._apart(lambda: self.scope(own, lambda: body(own)), dict(asked))
        back = _slot(nodes)
        if signal is not None and signal is not GONE:
            self._leave(nodes, end, signal)
        return _Round(holder[0], pre, asked, nodes, end if signal is None else None, back)

    def _apart(self, body: Body, known: dict[Place, Known]) -> tuple[Nodes, dict[Place, Known], Signal]:
        """Run a body into a list of its own; return it, what is known then, and where it leads."""
        self.flush()
        outer, self._nodes, self.known = self._nodes, [], known
        signal = body()
        self.flush()
        nodes, self._nodes = self._nodes, outer
        return nodes, self.known, signal

    def _leave(self, nodes: Nodes, known: dict[Place, Known], target: Target) -> None:
        """Let a way within a branch lead to a target."""
        if target is GONE:
            return
        target.exits.append((_slot(nodes), known))
        nodes.append(LeaveTo(target))
        for other in self._targets[self._targets.index(target) :]:
            other.crossed = True

    def _alive(self) -> tuple[int, int]:
        """Return how many cells and bits there are; later ones will be dead where ways meet again."""
        return self.n_cells, self.FIRST_HIDDEN + self.n_hidden

    def _joined(self, ways: list[tuple[Nodes, dict[Place, Known]]], alive: tuple[int, int]) -> dict[Place, Known]:
        """Return what is known wherever one comes from; the rest is written into its variables on every way."""
        first, *others = [known for _, known in ways]
        agreed = {p: v for p, v in first.items() if all(p in known and known[p] == v for known in others)}
        for nodes, known in ways:
            self._write(nodes, known, agreed, alive)
            self.written.update(~place for place in known.keys() - agreed.keys() if place < 0)
        return agreed

    def _write(
        self, nodes: Nodes, known: dict[Place, Known], agreed: dict[Place, Known], alive: tuple[int, int]
    ) -> None:
        for place, value in known.items():
            if place not in agreed and (place < alive[0] if place >= 0 else ~place < alive[1]):
                if not isinstance(value, (int, float, Fraction)):
                    raise ComplexLater
                nodes.append(Assign(place, value) if place >= 0 else Store((~place,), value))


@dataclass(frozen=True, slots=True)
class Here:
    """All of a tape that can change."""

    nodes: Nodes
    n_nodes: int
    row: int
    known: dict[Place, Known]
    counts: tuple[int, int]
    exits: list[tuple[Target, int]]


class ComplexLater(Exception):  # noqa: N818 - the readers turn it into an error with its place
    """A complex number or a stretch that depends on measured bits."""


def is_late(term: Term) -> bool:
    """Say whether a term has a value only when the program runs."""
    if isinstance(term, Apply):
        return any(map(is_late, term.arguments))
    return isinstance(term, (Bit, Cell))


@dataclass(slots=True)
class _Round:
    """One round of a loop: its condition and body as lists, and what is known after either."""

    condition: Term
    pre: Nodes
    asked: dict[Place, Known]
    nodes: Nodes
    end: dict[Place, Known] | None
    back: Nodes
    out: Nodes = field(default_factory=list)

    def changed(self, header: dict[Place, Known], exits: list[dict[Place, Known]]) -> set[Place]:
        """Return the places whose value at the head does not hold at the end of the round or at an exit."""
        ends = [*([] if self.end is None else [self.end]), self.asked, *exits]
        return {p for p, v in header.items() if any(p not in known or known[p] != v for known in ends)}


def _slot(nodes: Nodes) -> Nodes:
    """Append a place where assignments can be added later; return it."""
    slot: Nodes = []
    nodes.append(slot)
    return slot
