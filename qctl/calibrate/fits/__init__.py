"""Curves in measured points: first guesses, bounded least squares, and a verdict in a physicist's words.

Nothing here knows instruments, experiments or plots. Whatever was measured, the answer is a `Fit`: one for each set of
points.
"""

from .decay import fit_decay, fit_rb
from .fit import Fit
from .mixture import fit_two_states
from .oscillation import fit_cosine, fit_damped_cosine
from .peak import fit_gaussian, fit_lorentzian
from .polynomial import fit_line, fit_parabola, fit_zero
from .resonance import fit_resonator

__all__ = [
    "Fit",
    "fit_cosine",
    "fit_damped_cosine",
    "fit_decay",
    "fit_gaussian",
    "fit_line",
    "fit_lorentzian",
    "fit_parabola",
    "fit_rb",
    "fit_resonator",
    "fit_two_states",
    "fit_zero",
]
