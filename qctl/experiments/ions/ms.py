"""Steps of Molmer-Sorensen gates: what all pairs share comes from one of them, then each is trimmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import pi

from qctl.calibrate.drift import Walk
from qctl.calibrate.experiment import Experiment
from qctl.calibrate.node import Node, Quantity
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Parameters

from .ms_check import MsCheck
from .ms_each import MsFine, MsFrames, MsTrim
from .ms_phases import MsPhases
from .ms_shared import MsAmplitude, MsCentre, MsClosure, MsDetuning
from .pairs import alone, its_ions


def strength_curvature(known: Parameters, target: str) -> float:
    """Return the gate error per square of an error of ``ms.amplitude``: the turn grows with the square of it.

    ``4/5 sin^2(d / 2)`` for a turn that is off by d (Nielsen, Phys. Lett. A 303, 249).
    """
    return 0.8 * (pi / 2 / known[f"{target}.ms.amplitude"]) ** 2


def frame_curvature(known: Parameters, target: str) -> float:
    """Return the gate error per square of an error of ``ms.shift_a``: one ion turns about z, ``4/5 sin^2(d / 2)``."""
    return 0.2


def centre_curvature(known: Parameters, target: str) -> float:
    """Return the gate error per square of an error of ``ms.centre``, 1 / Hz^2.

    Tones that are off by d turn both ions about z by ``pi d T`` before a gate and back behind it. What is left of that,
    ``(Z - G Z G^dag) / 2`` of each ion, is two orthogonal turns; average error as above (Nielsen), to second order.
    """
    return float(0.8 * (pi * known[f"{target}.ms.duration"]) ** 2)


def split_curvature(known: Parameters, target: str) -> float:
    """Return the same for ``ms.split``: each ion is off by half of it, to either side."""
    return centre_curvature(known, target) / 4


def _node(kind: type, found: tuple[Quantity, ...], needs: tuple[str, ...], *, one_for_all: bool,
          check: bool = False, least_contrast: float = 2.0) -> Node:  # fmt: skip
    make: Callable[[Laboratory, tuple[str, ...]], Experiment] = kind
    return Node(
        name=kind.name,  # type: ignore[attr-defined]
        kind=Target.COUPLING,
        finds=found,
        make=lambda laboratory, targets, known: make(laboratory, targets),
        needs=needs,
        claims=alone if one_for_all else its_ions,
        check=(lambda laboratory, targets, known: MsCheck(laboratory, targets)) if check else None,
        least_contrast=least_contrast,
    )


AMPLITUDE = Quantity(name="ms.amplitude", low=0.01, high=2.0, floor=0.5)
STRENGTH = Quantity(name="ms.amplitude", low=0.01, high=2.0, floor=0.5, curvature=strength_curvature)
DETUNING = Quantity(name="ms.detuning", low=1e3, high=50e3, floor=800.0)
CENTRE = Quantity(name="ms.centre", low=-5e3, high=5e3, floor=2e3)
SPLIT = Quantity(name="ms.split", low=-3e3, high=3e3, floor=1e3)
SHIFTS = tuple(Quantity(name=f"ms.shift_{ion}", low=-3.2, high=3.2, floor=4.0) for ion in "ab")
# Centre lines and frames are made by light that shifts ions, as the square of what drives them, in proportion to the
# gate's light: beams lose and gain some per cent of power in a day (modulators warm up, spots move). Shifts of two ions
# differ by some tens of Hz. What the field moves are frequencies, which gates take from `ion_ramsey_long`.
POWER = 0.03  # of a beam, relative, in a day
TRACKED = (
    replace(CENTRE, curvature=centre_curvature, walk=Walk(1.0, POWER)),
    replace(SPLIT, curvature=split_curvature, walk=Walk(3.0, POWER)),
    *(replace(shift, curvature=frame_curvature, walk=Walk(1e-3, POWER)) for shift in SHIFTS),
)
"""As rows of gates find them, best of all steps: only there the planner weighs what is left."""
NODES = (
    _node(MsAmplitude, (AMPLITUDE,), ("ion_fine", "ion_modes", "ion_balance"), one_for_all=True),
    _node(MsDetuning, (DETUNING,), (MsAmplitude.name,), one_for_all=True),
    _node(MsCentre, (CENTRE,), (MsDetuning.name,), one_for_all=True),
    _node(MsClosure, (DETUNING,), (MsCentre.name,), one_for_all=True),
    _node(MsFrames, SHIFTS, (MsClosure.name,), one_for_all=False),
    _node(MsTrim, (CENTRE, *SHIFTS), (MsFrames.name,), one_for_all=False),
    # Rows of good gates are flat: that is an answer.
    _node(MsPhases, TRACKED, (MsTrim.name,), one_for_all=False, least_contrast=0.0),
    _node(MsFine, (STRENGTH,), (MsPhases.name,), one_for_all=False, check=True),
)
