"""Run every program of the kit on one laboratory and compare with what its noise predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from qctl.compile import native_program, schedule_native
from qctl.control.safe import asked_when_off
from qctl.core.errors import QctlError
from qctl.platforms import platform_of
from qctl.run import Lab

from .noise import predict
from .programs import Entry, programs
from .refusals import Refusal, refusals
from .statistics import distance, g_test, holm, sampling_noise

CLOSE = 0.03  # largest distance from the prediction, beyond sampling noise
CHANCE = 1e-4  # smallest p-value after Holm's correction


@dataclass(frozen=True, slots=True)
class Row:
    """One program on one laboratory.

    Parameters
    ----------
    from_prediction, noise : distance of the counts from what was predicted, and how far chance alone goes
    chance : p-value of a G-test against the prediction, corrected for the number of programs
    from_ideal : distance of the counts from the noiseless answer; at most ``bound``, which is what the platform allows
        (`core.bounds`) and ``noise``
    dropped : shots that do not count, by reason; at most a share ``lost`` of all
    """

    name: str
    n_qubits: int
    shots: int
    from_prediction: float
    noise: float
    chance: float
    from_ideal: float
    bound: float
    dropped: Mapping[str, int]
    lost: float

    @property
    def allowed(self) -> float:
        """Return how far from the prediction the counts may be."""
        return CLOSE + self.noise

    @property
    def reason(self) -> str:
        """Return what is wrong; empty when nothing is."""
        if not self.from_prediction <= self.allowed:
            return f"{self.from_prediction:.3f} from what its noise predicts, where {self.allowed:.3f} is allowed"
        if not self.chance >= CHANCE:
            return f"such counts come by chance with p = {self.chance:.1g}"
        if not self.from_ideal <= self.bound:
            return f"{self.from_ideal:.3f} from the exact answer, where {self.bound:.3f} is allowed"
        gone = sum(self.dropped.values())
        if gone > self.lost * (gone + self.shots):
            return f"{gone} of {gone + self.shots} shots do not count, where {self.lost:.0%} may"
        return ""


@dataclass(frozen=True)
class Conformance:
    """What the kit says of a laboratory.

    Parameters
    ----------
    skipped : programs that need more qubits than there are, by name, with the reason
    refused : what must be refused before anything is played, and what was said
    unsafe : what went wrong when everything was made safe; empty when nothing did
    read_back : instruments that were switched off, and said so when they were asked
    """

    laboratory: str
    platform: str
    rows: tuple[Row, ...]
    skipped: Mapping[str, str]
    refused: tuple[Refusal, ...]
    unsafe: str = ""
    read_back: tuple[str, ...] = ()

    @property
    def reasons(self) -> dict[str, str]:
        """Return everything that does not conform, by name; empty when all does."""
        found = {row.name: row.reason for row in self.rows if row.reason}
        found |= {f"refusal: {one.asked}": one.reason for one in self.refused if one.reason}
        return found | ({"safe state": self.unsafe} if self.unsafe else {})


def check(
    lab: Lab, *, shots: int = 1000, only: Sequence[str] = (), on_program: Callable[[str], None] = lambda name: None
) -> Conformance:
    """Return how a laboratory does on all programs; it is made safe and closed at the end.

    Parameters
    ----------
    only : names of programs; all when empty
    on_program : called with the name of each program that begins

    Raises
    ------
    QctlError
        When a program that fits the laboratory cannot be run on it.
    """
    wanted = [entry for entry in programs() if not only or entry.name in only]
    most = len(lab.laboratory.qubits)
    skipped = {
        entry.name: f"needs {entry.program.n_qubits} qubits, there are {most}"
        for entry in wanted
        if entry.program.n_qubits > most
    }
    rows, chances = [], []
    for entry in wanted:
        if entry.name not in skipped:
            on_program(entry.name)
            row, chance = measured(lab, entry, shots)
            rows.append(row)
            chances.append(chance)
    refused = refusals(lab)
    fair = (replace(row, chance=chance) for row, chance in zip(rows, holm(chances), strict=True))
    asked = asked_when_off(lab.station.instruments, lab.laboratory.safe)
    unsafe = _made_safe(lab)
    name, platform = lab.laboratory.name, lab.laboratory.platform
    return Conformance(name, platform, tuple(fair), skipped, refused, unsafe, asked)


def predicted(lab: Lab, entry: Entry) -> dict[str, float]:
    """Return what the measured parameters of a laboratory say that a program gives."""
    native, placement = native_program(entry.program, lab.parameters, lab.laboratory)
    schedule = schedule_native(native, placement, lab.parameters, lab.laboratory)
    return predict(native, schedule, lab.parameters, lab.laboratory)


def measured(lab: Lab, entry: Entry, shots: int) -> tuple[Row, float]:
    """Return what comes of one program, and the p-value of its G-test, which the row does not hold yet."""
    result = lab.run(entry.program, shots)
    counts, expected = result.counts, predicted(lab, entry)
    n, bounds = sum(counts.values()), platform_of(lab.laboratory).bounds
    noise = sampling_noise(expected, n)
    found = {key: count / n for key, count in counts.items()}
    row = Row(
        name=entry.name,
        n_qubits=entry.program.n_qubits,
        shots=n,
        from_prediction=distance(found, expected),
        noise=noise,
        chance=1.0,
        from_ideal=distance(found, entry.exact),
        bound=bounds.ideal + noise,
        dropped=result.dropped,
        lost=bounds.lost,
    )
    return row, g_test(counts, expected)


def _made_safe(lab: Lab) -> str:
    try:
        lab.close()
    except QctlError as reason:
        return str(reason)
    return ""
