"""How far a kind of machine may be from perfect, and still conform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the conformance kit holds a platform to, beside what its own measured errors predict.

    Parameters
    ----------
    ideal : largest total-variation distance from the exact answer, beyond what chance does to so many shots
    lost : largest share of shots that do not count
    """

    ideal: float = 0.2
    lost: float = 0.0
