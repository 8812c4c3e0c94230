"""Why jobs wait: a sentence for each, written when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Seq

import numpy as np
from numpy.typing import NDArray

from .board import Board
from .request import Request

_, CLASH, EQUAL, BUDGET, SPAN, POINTS, ALONE, SOLO, RESERVED, NOTHING = range(10)  # reasons, as the kernel counts them
SHARED = {
    EQUAL: "it needs another value of {what} than what runs now",
    BUDGET: "{what} has not enough left beside what runs now",
    SPAN: "{what} would have to be as long as it cannot be, to serve it beside what runs now",
}
SAID = {
    POINTS: "its number of sweep points does not go together with those of what runs now",
    ALONE: "it runs alone, and {who} is running",
    SOLO: "{who} runs alone",
    RESERVED: "its place is kept for {who}, which is next in the queue",
    NOTHING: "it fits nowhere on this machine as it is calibrated now",
}


class Waits(Mapping[str, str]):
    """Sentences by job, of those that are not in a window.

    Parameters
    ----------
    order : rows of the requests that were considered
    answers : what the kernel said of each of them, shape (n, 4)
    unavailable : resources that nobody may use, and why
    """

    def __init__(
        self,
        requests: Seq[Request],
        order: NDArray[np.intp],
        answers: NDArray[np.int64],
        board: Board,
        unavailable: Mapping[str, str],
    ) -> None:
        self._requests, self._order, self._answers = tuple(requests), order, answers
        self._board, self._unavailable = board, unavailable
        self._places: dict[str, int] | None = None

    def __getitem__(self, job: str) -> str:
        """Return the sentence about one job."""
        place = self._found()[job]
        return self._requests[~place].blocked if place < 0 else self._sentence(self._answers[place].tolist())

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._requests) - int(np.count_nonzero(self._answers[:, 0] >= 0))

    def _found(self) -> dict[str, int]:
        """Return by job its row among the answers, or below 0 that of a request that may not run at all."""
        if self._places is None:
            waiting = np.flatnonzero(self._answers[:, 0] < 0).tolist()
            self._places = {self._requests[self._order[row]].job: row for row in waiting}
            self._places |= {request.job: ~k for k, request in enumerate(self._requests) if request.blocked}
        return self._places

    def _sentence(self, answer: Seq[int]) -> str:
        _, reason, what, other = answer
        who = f"job {self._requests[self._order[other]].job}" if other >= 0 else "others"
        if reason == CLASH:
            name = self._board.name(what)
            if name in self._unavailable:
                return f"{name} cannot be used: {self._unavailable[name]}"
            return f"{name} is taken by {who}, or too near to what it takes"
        if reason in SHARED:
            return SHARED[reason].format(what=self._board.resource(what))
        return SAID[reason].format(who=who)
