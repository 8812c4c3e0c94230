"""Curves in measured points: first guesses, bounded least squares, and a verdict in a physicist's words.

Nothing here knows instruments, experiments or plots. Whatever was measured, the answer is a `Fit`: one for each set of
points.
"""

from .decay import fit_decay, fit_rb
from .fit import Fit
from .flux import fit_arc, fit_hyperbola, fit_resonator_arc
from .linear import fit_linear, fit_paraboloid
from .mixture import fit_two_states
from .oscillation import fit_cosine, fit_damped_cosine
from .peak import fit_gaussian, fit_lorentzian
from .polynomial import fit_line, fit_parabola, fit_zero
from .resonance import fit_resonator
from .special import fit_amplification, fit_beating, fit_rabi_line
from .states import fit_states, fit_three_states, nearest
from .step import fit_edge, fit_exponentials, fit_sigmoid

__all__ = [
    "Fit",
    "fit_amplification",
    "fit_arc",
    "fit_beating",
    "fit_cosine",
    "fit_damped_cosine",
    "fit_decay",
    "fit_edge",
    "fit_exponentials",
    "fit_gaussian",
    "fit_hyperbola",
    "fit_line",
    "fit_linear",
    "fit_lorentzian",
    "fit_parabola",
    "fit_paraboloid",
    "fit_rabi_line",
    "fit_rb",
    "fit_resonator",
    "fit_resonator_arc",
    "fit_sigmoid",
    "fit_states",
    "fit_three_states",
    "fit_two_states",
    "fit_zero",
    "nearest",
]
