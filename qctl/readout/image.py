"""Atoms in images: how bright each site is, which shots count, and what to tell the operator about the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Parameters
from qctl.core.record import Images, Record

from .lights import FEWEST, border_of, unlike, unprepared

PRESENT, LEFT, ANSWERS, DARK = "present", "left", "answers", "dark"
WIDTH = 1.1  # pixels, standard deviation of the weights around a site
REACH = 3  # pixels from a site that count
BORDER = 4  # pixels along the edge of a frame where no atom is
FEW = 0.02  # of all sites: fewer bright ones, and something failed
LIT = 3.0  # standard errors by which light shows in the border

NOTHING = "no atom shines in the first image: loading light, trap light or imaging light is off or blocked"
ALL_GONE = "no atom shines in the last image: trap light failed during the program, or imaging light is blocked"
UNPROBED = "no light in the images that tell states: the probe light is off or blocked"
FLOODED = (
    "more light than the probe's in the images that tell states: a shutter of imaging or cooling light is stuck open"
)
UNPUMPED = "atoms that nothing was done to are found in 1: the pumping light is off or blocked"
UNFILLED = "look at how many sites are loaded, and whether atoms arrive where programs want them; then run it again"
EMPTY = "{} was empty: no atom was loaded or brought there"
LOST = "the atom of {} was lost"
SHORT = "too few atoms were loaded for the program"

Floats = NDArray[np.float64]
Shots = NDArray[np.bool_]


@dataclass(frozen=True)
class Brightness:
    """What a camera says of all sites.

    Parameters
    ----------
    values : shape (n_qubits, shots, n_points, n_windows), grey values, weighted around each site
    border : shape (shots, n_points, n_windows), mean grey value where no atom is
    noise : standard deviation of the difference of two of these
    windows : number of each checked image by what it is for
    """

    values: Floats
    border: Floats
    noise: float
    windows: Mapping[str, int]


def brightness(images: Images, qubits: tuple[str, ...], parameters: Parameters) -> Brightness:
    """Return how bright every site is, as ``qN.site.row`` and ``.column`` say where it is."""
    pixels = images.pixels
    rows, columns = pixels.shape[3:]
    values = np.empty((len(qubits), *pixels.shape[:3]))
    edge = np.ones((rows, columns), bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    for k, qubit in enumerate(qubits):
        place = parameters[f"{qubit}.site.row"], parameters[f"{qubit}.site.column"]
        r, c, weights = weights_around(place, (rows, columns))
        values[k] = np.tensordot(pixels[..., r, c], weights, axes=2)
        edge[max(0, r.start - REACH) : r.stop + REACH, max(0, c.start - REACH) : c.stop + REACH] = False
    return Brightness(
        values, *border_of(pixels, edge), {what: window for window, what in images.exposing.checks.items()}
    )


def weights_around(place: tuple[float, float], shape: tuple[int, int]) -> tuple[slice, slice, Floats]:
    """Return the pixels around a site, and weights of mean 1: a Gaussian, as far as the frame reaches."""
    spans = []
    for centre, size in zip(place, shape, strict=True):
        middle = min(max(round(centre), 0), size - 1)
        spans.append(slice(max(0, middle - REACH), min(size, middle + REACH + 1)))
    r, c = (np.arange(span.start, span.stop) for span in spans)
    found = np.exp(-((r[:, None] - place[0]) ** 2 + (c[None] - place[1]) ** 2) / (2 * WIDTH**2))
    return spans[0], spans[1], found / max(float(found.sum()), 1e-300)


def loaded_sites(qubits: tuple[str, ...], parameters: Parameters, frame: NDArray[np.uint16]) -> list[int]:
    """Return the qubits whose sites hold an atom in one frame, shape (rows, columns)."""
    found = []
    for k, qubit in enumerate(qubits):
        place = parameters[f"{qubit}.site.row"], parameters[f"{qubit}.site.column"]
        rows, columns, weights = weights_around(place, (frame.shape[0], frame.shape[1]))
        if float((frame[rows, columns] * weights).sum()) > parameters[f"{qubit}.readout.present"]:
            found.append(k)
    return found


def is_lit(images: Images) -> bool | None:
    """Say whether frames of answers are brighter along their border than dark frames; None without both kinds."""
    windows = {what: window for window, what in images.exposing.checks.items()}
    if not {ANSWERS, DARK} <= windows.keys():
        return None
    pixels = images.pixels[:, 0]
    edge = np.ones(pixels.shape[2:], bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    more = (pixels[:, windows[ANSWERS]][:, edge].astype(float) - pixels[:, windows[DARK]][:, edge]).mean(axis=1)
    return bool(more.mean() > LIT * more.std() / np.sqrt(len(more)))


def at_spots(spots: Floats) -> Callable[[NDArray[np.uint16], Floats], None]:
    """Return what fills the brightness of places (n, 2), row and column, from one frame."""

    def tell(frame: NDArray[np.uint16], values: Floats) -> None:
        for k, spot in enumerate(spots.tolist()):
            rows, columns, weights = weights_around((spot[0], spot[1]), (frame.shape[0], frame.shape[1]))
            values[k] = float((frame[rows, columns] * weights).sum())

    return tell


def brightness_of(images: Images, record: Record, parameters: Parameters) -> NDArray[np.complex128]:
    """Return the points from which states are told, shape (n_reads, shots).

    The real part is the brightness in the image that tells states, the imaginary part that in the last image (an atom
    that is dark there was lost). NaN where the first image shows no atom: what was never there has no state.
    """
    reads = images.exposing.reads
    found = brightness(images, record.qubits, parameters)
    points = np.empty((len(reads), record.shots), np.complex128)
    first, last = found.windows[PRESENT], found.windows[LEFT]
    for row, (point, qubit, _, window) in enumerate(reads.tolist()):
        mine = found.values[qubit, :, point]
        if qubit in images.exposing.away:
            mine = mine.copy()
            r, c, weights = weights_around(images.exposing.away[qubit], images.pixels.shape[3:])
            mine[:, window] = np.tensordot(images.pixels[:, point, window, r, c], weights, axes=2)
        there = mine[:, first] > parameters[f"{record.qubits[qubit]}.readout.present"]
        points[row] = np.where(there, mine[:, window] + 1j * mine[:, last], complex(np.nan, np.nan))
    return points


def screen_images(record: Record, parameters: Parameters) -> tuple[Shots | None, dict[str, int]]:
    """Return which shots count, shape (n_points, shots), and how many do not, by reason; None without images.

    A shot counts when every atom that is measured or gated is there in the first image and in the last one.
    """
    kept: Shots | None = None
    dropped: dict[str, int] = {}
    for images in record.images.values():
        bad = _bad(images, record, parameters)
        some = np.zeros((record.n_points, record.shots), bool)
        for reason, shots in bad:
            new = shots & ~some
            if new.any():
                dropped[reason] = dropped.get(reason, 0) + int(new.sum())
            some |= shots
        kept = ~some if kept is None else kept & ~some
    return kept, dropped


def _bad(images: Images, record: Record, parameters: Parameters) -> list[tuple[str, Shots]]:
    """Return shots that do not count, shape (n_points, shots), by reason; what explains more comes first."""
    found = brightness(images, record.qubits, parameters)
    first, last = found.windows[PRESENT], found.windows[LEFT]
    least = np.array([parameters[f"{qubit}.readout.present"] for qubit in record.qubits])[:, None, None]
    there, left = found.values[..., first] > least, found.values[..., last] > least
    whole = np.ones((record.n_points, record.shots), bool)
    nothing = there.size >= FEWEST and there.mean() < FEW
    bad = [(NOTHING, whole & nothing)]
    bad.append((ALL_GONE, whole & (there.sum() >= FEWEST and left[there].mean() < FEW and not nothing)))
    for window in sorted(set(images.exposing.reads["window"].tolist())) if not images.exposing.away else ():
        darker, brighter = unlike(found.border, found.noise, window, first)
        bad += [(UNPROBED, darker), (FLOODED, brighter & _as_long(images, window, first))]
    rows = [*images.exposing.reads.tolist(), *images.exposing.watched.tolist()]
    needed = {(point, qubit) for point, qubit, _, _ in rows}
    for qubit in sorted({qubit for _, qubit in needed}):
        asked = np.array([(point, qubit) in needed for point in range(record.n_points)])[:, None]
        name = record.qubits[qubit]
        bad.append((EMPTY.format(name), asked & ~there[qubit].T))
        bad.append((LOST.format(name), asked & there[qubit].T & ~left[qubit].T))
    bad.append((UNPUMPED, _unpumped(found, images, record, parameters, there & left, needed)))
    return bad


def _as_long(images: Images, window: int, other: int) -> bool:
    """Tell whether an image is exposed as long as another: only then their borders are alike."""
    seconds = np.diff(images.exposing.windows, axis=1)[:, 0]
    return bool(np.isclose(seconds[window], seconds[other], rtol=1e-3))


def _unpumped(
    found: Brightness,
    images: Images,
    record: Record,
    parameters: Parameters,
    stayed: Shots,
    needed: set[tuple[int, int]],
) -> Shots:
    """Return the shots, shape (n_points, shots), around which idle atoms are in 1."""
    states = sorted(set(images.exposing.reads["window"].tolist()))
    if not states:
        return np.zeros((record.n_points, record.shots), bool)
    counts = np.array([parameters[f"{qubit}.readout.counts"] for qubit in record.qubits])[:, None, None]
    turned = images.exposing.turned
    busy = [
        [point in turned or (point, qubit) in needed for point in range(record.n_points)]
        for qubit in range(len(record.qubits))
    ]
    return unprepared(stayed & ~np.array(busy)[:, None], found.values[..., states[0]] > counts)
