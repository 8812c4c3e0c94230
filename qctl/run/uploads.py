"""Which of many sequences are played from one upload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from qctl.compile import one_correction
from qctl.control import batches, operating_point
from qctl.core.parameters import Parameters
from qctl.core.protocols import Limits
from qctl.core.sequence import Sequence as Playable


def uploads(sequences: Sequence[Playable], known: Sequence[Parameters], limits: Limits) -> Iterator[range]:
    """Yield ranges of neighbours that one upload takes and that share one operating point.

    Parameters
    ----------
    known : parameters of each sequence
    """
    biases = [operating_point(one) for one in known]

    def together(k: int) -> bool:
        alike = biases[k] == biases[k - 1] and sequences[k].filled == sequences[k - 1].filled
        return alike and one_correction(sequences[k - 1], sequences[k])

    edges = [0, *(k for k in range(1, len(sequences)) if not together(k)), len(sequences)]
    for first, last in pairwise(edges):
        for batch in batches(sequences[first:last], limits):
            yield range(first + batch.start, first + batch.stop)
