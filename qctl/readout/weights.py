"""Integration weights among the parameters: which parts of a window tell most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Parameters


def weights_of(
    windows: NDArray[np.void], qubits: tuple[str, ...], parameters: Parameters
) -> dict[int, NDArray[np.complex128]]:
    """Return the envelope of weights by physical qubit, as long as its longest window; qubits without are left out.

    ``readout.weight_re_N`` and ``.weight_im_N``, N from 1, are the weights of equal parts of the window in turn.
    """
    found = {}
    for qubit in np.unique(windows["qubit"]).tolist():
        parts = _parts(f"{qubits[qubit]}.readout.weight", parameters)
        if len(parts):
            n_samples = int(windows["length"][windows["qubit"] == qubit].max())
            found[qubit] = parts[np.arange(n_samples) * len(parts) // n_samples]
    return found


def _parts(stem: str, parameters: Parameters) -> NDArray[np.complex128]:
    parts: list[complex] = []
    while f"{stem}_re_{len(parts) + 1}" in parameters:
        number = len(parts) + 1
        parts.append(complex(parameters[f"{stem}_re_{number}"], parameters[f"{stem}_im_{number}"]))
    return np.array(parts, np.complex128)
