"""Draws hidden truths of simulated laboratories, and scores what was calibrated against them; only the CLI asks it."""

from qctl.physics.atoms.twin import AtomTwin
from qctl.physics.ions.twin import IonTwin
from qctl.physics.twin import Twin

from .atom_score import score_array
from .defects import with_defects
from .draw import draw_twin
from .draws import draw_truth, truth_kind
from .ion_score import score_ions
from .readout import Readout
from .score import Score, gates_at, score
from .solvable import complaints
from .stage import Upload
from .text import twin_text

__all__ = [
    "AtomTwin",
    "IonTwin",
    "Readout",
    "Score",
    "Twin",
    "Upload",
    "complaints",
    "draw_truth",
    "draw_twin",
    "gates_at",
    "score",
    "score_array",
    "score_ions",
    "truth_kind",
    "twin_text",
    "with_defects",
]
