"""Which jobs run together in the next window, and why each other one waits: one decision, without any I/O.

`order` says who is placed first; kernel `pack`, whose twin gives the rules, what fits beside each other. Who has
waited longer than the state's patience goes before all but urgent calibration, one job at a time, the oldest first: so
nothing starves. All claims of a job are granted or none, for a window and no longer: so nothing waits in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence as Seq

import numpy as np
from numpy.typing import NDArray

from qctl.kernels.pack import pack as decide

from .board import Board, Rules
from .order import BEGUN, BLOCKED, COUNT, LEFT, N_FACTS, SOLO, facts, in_order, weights
from .request import Grant, Request, State, Window
from .waits import Waits

N_SWAPS, N_TRIES = 8, 16  # jobs that may try to move another one, and candidates that each of them tries
SLACK = 1e-9  # relative: shots that a window holds are counted in floats

_Fact = tuple[Request, int, bytes]


class Packer:
    """Remembers claims that it has seen as bits; decisions depend on nothing but their arguments."""

    def __init__(self) -> None:
        self._board = Board()
        self._facts: dict[str, _Fact] = {}
        self._last: Seq[Request] = ()
        self._fresh: list[str] = []  # admitted since the last decision

    def admit(self, request: Request) -> None:
        """Look at a job before the first decision about it: then that one is as fast as all others.

        What jobs have left behind that are gone is swept away here too, while nobody waits for a decision.
        """
        self._forget(2)
        self._fresh.append(request.job)
        self._fact(request)

    def pack(self, requests: Seq[Request], state: State) -> Window:
        """Return the next window.

        Parameters
        ----------
        requests : all jobs that have not finished, in any order
        """
        if not self._board.rules.hold(state):
            self._board, self._facts = Board(Rules(state.spacings, state.harmful)), {}
        known = self._facts
        seen = [f if (f := known.get(r.job)) is not None and f[0] is r else self._fact(r) for r in requests]
        table = np.frombuffer(b"".join([fact for _, _, fact in seen]), np.float64).reshape(-1, N_FACTS)
        first = np.array([row for _, row, _ in seen], np.int64)
        board = self._board
        closed = board.bits(state.unavailable)  # may add words to the tables: before they are used
        order = self._order(requests, table, board.able(first, table[:, COUNT], closed), state)
        jobs, out = _jobs(table[order], first[order], state), np.empty((len(order), 4), np.int64)
        terms = board.terms, board.kinds[: board.n_terms], board.bounds[: board.n_terms]
        capacity = board.capacities(state)
        decide(jobs, board.held, board.shut, *terms, board.points, closed, capacity, N_SWAPS, N_TRIES, out)
        self._last, self._fresh = requests, []
        self._forget(16)
        waits = Waits(requests, order, out, board, state.unavailable)
        return _window(requests, order, out[:, 0] - jobs[:, 0], out[:, 0] >= 0, state, waits)

    def _fact(self, request: Request) -> _Fact:
        row = self._board.first_row(request.job, request.candidates)
        found = self._facts[request.job] = request, row, np.array(facts(request), np.float64).tobytes()
        return found

    def _order(
        self, requests: Seq[Request], table: NDArray[np.float64], able: NDArray[np.bool_], state: State
    ) -> NDArray[np.intp]:
        names = [request.user for request in requests]
        users = {name: k for k, name in enumerate(dict.fromkeys(names))}
        numbers = [users[name] for name in names]
        order = in_order(table, weights(users, state)[np.array(numbers, np.intp)], able, state)
        return np.asarray(order[table[order, BLOCKED] == 0])

    def _forget(self, times: int) -> None:
        """Forget jobs that are gone, once there are so many times more jobs than are known to be there."""
        if len(self._facts) > times * (len(self._last) + len(self._fresh)) + 64:
            self._board.keep({*(request.job for request in self._last), *self._fresh})
            self._facts = {}


def _jobs(table: NDArray[np.float64], first: NDArray[np.int64], state: State) -> NDArray[np.int64]:
    """Return the jobs as the kernel takes them."""
    windows = np.ceil(table[:, LEFT] / state.window_s * (1 - SLACK))
    return np.stack([first, table[:, COUNT], table[:, SOLO], table[:, BEGUN], windows], axis=1).astype(np.int64)


def _window(
    requests: Seq[Request],
    order: NDArray[np.intp],
    candidate: NDArray[np.int64],
    runs: NDArray[np.bool_],
    state: State,
    waits: Waits,
) -> Window:
    chosen = [
        (requests[k], requests[k].candidates[c], c)
        for k, c in zip(order[runs].tolist(), candidate[runs].tolist(), strict=True)
    ]
    longest = max([state.window_s, *(place.duration_s for _, place, _ in chosen)])
    shots = [
        min(request.shots_left, max(1, int(longest / place.duration_s * (1 + SLACK)))) for request, place, _ in chosen
    ]
    grants = tuple(
        Grant(job=request.job, candidate=number, placement=place.placement, shots=n)
        for (request, place, number), n in zip(chosen, shots, strict=True)
    )
    duration = max((n * place.duration_s for n, (_, place, _) in zip(shots, chosen, strict=True)), default=0.0)
    return Window(start=state.now, duration_s=duration, grants=grants, waits=waits)


def pack(requests: Seq[Request], state: State) -> Window:
    """Return the next window; see :meth:`Packer.pack`, which remembers claims from one decision to the next."""
    return Packer().pack(requests, state)
