"""One feedline at one sweep point: its field, its resonators, and what comes back for each level of each qubit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .operators import Complex
from .resonators import Response, driven_part, respond
from .signals import Signal
from .twin import Feedline, Resonator

Quadrature = tuple[NDArray[np.float32], dict[int, NDArray[np.float32]]]
"""Of what comes back with every qubit in level 0, and of what each level adds, by qubit."""


@dataclass(frozen=True)
class Feed:
    """A feedline, chip time, volts at the chip.

    Parameters
    ----------
    responses : of resonators, by qubit; none when no tone is played
    times : of the samples that are digitised
    quiet : what comes back at these times with every qubit in level 0
    changes : what each level adds to it, by qubit, shape (levels, n_samples)
    """

    truth: Feedline
    responses: Mapping[int, Response]
    times: NDArray[np.float64]
    quiet: Complex
    changes: Mapping[int, Complex]
    _quadratures: dict[tuple[str, complex], Quadrature] = field(default_factory=dict, compare=False, repr=False)
    _rings: dict[tuple[int, int], Complex] = field(default_factory=dict, compare=False, repr=False)

    @property
    def nbytes(self) -> int:
        """Return the size in bytes, with what is made of it on demand."""
        shown = self.quiet.nbytes + sum(c.nbytes for c in self.changes.values())
        return self.times.nbytes + 2 * shown + sum(r.nbytes for r in self.responses.values())

    def quadrature(self, part: str, scale: complex) -> Quadrature:
        """Return one quadrature of ``quiet`` and of ``changes`` at the digitizer, float32; made once.

        Parameters
        ----------
        part : ``real`` (I) or ``imag`` (Q)
        scale : volts at the digitizer per volt at the chip
        """
        if (part, scale) not in self._quadratures:
            shown = [getattr(scale * x, part).astype(np.float32) for x in (self.quiet, *self.changes.values())]
            self._quadratures[part, scale] = shown[0], dict(zip(self.changes, shown[1:], strict=True))
        return self._quadratures[part, scale]

    def ringing(self, qubit: int, level: int) -> Complex:
        """Return how a field in one resonator dies away, sample by sample, from 1; made once."""
        if (qubit, level) not in self._rings:
            past = self.times - (self.times[0] if len(self.times) else 0.0)
            self._rings[qubit, level] = np.exp(self.responses[qubit].rates[level] * past)
        return self._rings[qubit, level]

    def answer(self, qubit: int, field: Complex) -> Complex:
        """Return what a field in one resonator adds to what comes back."""
        resonator = self.responses[qubit].truth
        factor = resonator.coupling * np.exp(1j * resonator.fano)
        return np.asarray(factor * field if self.truth.transmission else -factor * field)


def feed_of(
    truth: Feedline,
    volts: Signal,
    carrier: float | None,
    resonators: Mapping[int, Resonator],
    times: NDArray[np.float64],
    n_levels: int,
) -> Feed:
    """Return a feedline that is driven by ``volts`` (behind the mixer, delayed); ``carrier`` in rad/s.

    Parameters
    ----------
    resonators : by qubit
    times : of the samples that are digitised, chip time
    """
    loss = 10 ** (-truth.attenuation / 20)
    z = Signal(volts.start, volts.dt, loss * volts.values, loss * volts.rest)
    part = driven_part(z, float(times[-1]) if len(times) else 0.0)
    responses = {}
    if part is not None and carrier is not None:
        responses = {q: respond(resonator, part, carrier, n_levels) for q, resonator in resonators.items()}
    quiet = np.zeros(len(times), np.complex128) if truth.transmission else z.at(times)
    feed = Feed(truth, responses, times, quiet, {})
    changes = {}
    for q, response in responses.items():
        fields = np.stack([response.at(level, times) for level in range(n_levels)])
        quiet += feed.answer(q, fields[0])
        changes[q] = feed.answer(q, fields - fields[0])
    return Feed(truth, responses, times, quiet, changes)
