"""Traps of an array as deep as the weights of its hologram make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .twin import AtomTwin


def weighted(truth: AtomTwin, weights: Mapping[str, float]) -> AtomTwin:
    """Return the truth with traps that share their light by weights, and qubits shifted by what their traps gain.

    All traps together have the light that they have with equal weights.

    Parameters
    ----------
    weights : by site; those of no hologram are left out, and stay as they are
    """
    if len(set(weights.values())) <= 1:
        return truth
    depths = np.array([truth.sites[name].depth for name in weights])
    parts = depths * np.array(list(weights.values())) ** truth.hologram.exponent
    lit = parts * depths.sum() / parts.sum()
    sites = dict(truth.sites)
    for name, depth in zip(weights, lit.tolist(), strict=True):
        site = truth.sites[name]
        sites[name] = replace(site, depth=depth, shift=site.shift + truth.qubits.trap_shift * (depth - site.depth))
    return replace(truth, sites=sites)
