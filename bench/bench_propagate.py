"""Propagation of driven transmons, 1,000 sweep points, against QuTiP solving the same points one by one.

The pulses are ones that a laboratory plays: 20 and 40 ns on one transmon. On a pair the goal is for 500 ns and 1 us,
where each of the 1,000 steps is a sample of an AWG at 2 or 1 GS/s; 100 and 250 ns, as long as slow two-qubit gates, are
shown beside them: there a step is finer than any sample, and the ratio is lower.

QuTiP runs as most people run it: ``sesolve`` or ``mesolve`` point by point, its default tolerances, a spline for the
pulse; making its objects is not counted. QuTiP's time grows with the length of the pulse, the kernel's with the
number of steps: longer pulses would flatter the kernel. Both are measured in seconds of CPU, since others use the
machine too; QuTiP's is the mean over some of the points. ``times_qutip`` is against the kernel's best round,
``times_qutip_median`` against its median.
"""

import time

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.linalg import expm

from qctl.kernels.propagate import propagate, propagate_lindblad

POINTS = 1000
SOLVED = 25  # QuTiP solves so many of the points; its time per point is the baseline
ANHARMONICITY = -2 * np.pi * 250e6


def lower(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1).astype(complex)


def envelope(steps, duration):
    """Return a Gaussian with zero ends and its DRAG quadrature, rad/s, of area pi."""
    t = (np.arange(steps) + 0.5) / steps * duration
    pulse = np.exp(-((t - duration / 2) ** 2) / (2 * (duration / 4) ** 2)) - np.exp(-2)
    pulse *= np.pi / (pulse.sum() * duration / steps)
    return pulse - 1j * np.gradient(pulse, t) / (2 * ANHARMONICITY)


def one_transmon(steps, duration=40e-9):
    """Return drift, controls, drive, dt: 3 levels, swept over detuning and amplitude."""
    a = lower(3)
    n = a.conj().T @ a
    detuning = 2 * np.pi * np.repeat(np.linspace(-20e6, 20e6, 40), 25)
    drift = detuning[:, None, None] * n + ANHARMONICITY / 2 * (n @ n - n)
    drive = np.tile(np.linspace(0, 2, 25), 40)[:, None] * envelope(steps, duration) / 2
    return drift, a[None], np.ascontiguousarray(drive[:, :, None]), duration / steps


def two_transmons(steps, duration=250e-9):
    """Return the same for two transmons of 3 levels that exchange excitations at 5 MHz, each driven."""
    a, eye = lower(3), np.eye(3)
    b, c = np.kron(a, eye), np.kron(eye, a)
    n, m = b.conj().T @ b, c.conj().T @ c
    static = ANHARMONICITY / 2 * (n @ n - n + m @ m - m) + 2 * np.pi * 5e6 * (b.conj().T @ c + c.conj().T @ b)
    detuning = 2 * np.pi * np.repeat(np.linspace(80e6, 120e6, 40), 25)
    drift = static + detuning[:, None, None] * m
    both = (
        np.tile(np.linspace(0, 2, 25), 40)[:, None, None] * envelope(steps, duration)[:, None] / 2 * np.array([1, 0.5])
    )
    return drift, np.stack([b, c]), both, duration / steps


def ground(levels):
    psi = np.zeros((POINTS, levels, 1), complex)
    psi[:, 0] = 1
    return psi


def solve(system, levels, collapse=None):
    """Return seconds per point and last states of QuTiP, for the first points of a sweep."""
    qutip = pytest.importorskip("qutip")
    drift, controls, drive, dt = system
    # As QuTiP likes it best: nanoseconds, and a smooth spline through the middles of our steps.
    drift, drive, dt = drift * 1e-9, drive * 1e-9, dt * 1e9
    middles, end = (np.arange(drive.shape[1]) + 0.5) * dt, drive.shape[1] * dt
    options = {"nsteps": 100_000, "progress_bar": ""}
    begin = qutip.basis(levels, 0)
    found, seconds = [], []
    for p in np.linspace(0, POINTS - 1, SOLVED).astype(int):
        terms = [qutip.Qobj(drift[p])]
        for j, control in enumerate(controls):
            u = CubicSpline(middles, drive[p, :, j])(np.linspace(0, end, drive.shape[1] + 1))
            times = np.linspace(0, end, drive.shape[1] + 1)
            terms.append([qutip.Qobj(control), qutip.coefficient(u, tlist=times)])
            terms.append([qutip.Qobj(control.conj().T), qutip.coefficient(u.conj(), tlist=times)])
        h = qutip.QobjEvo(terms)
        started = time.process_time()
        if collapse is None:
            answer = qutip.sesolve(h, begin, [0, end], options=options)
        else:
            loss = [qutip.Qobj(c * np.sqrt(1e-9)) for c in collapse]
            answer = qutip.mesolve(h, begin, [0, end], c_ops=loss, options=options)
        seconds.append(time.process_time() - started)
        found.append(answer.states[-1].full())
    return float(np.mean(seconds)) * POINTS, found


def exact(system, psi):
    """Return the state of the last point by matrix exponentials."""
    drift, controls, drive, dt = system
    state = psi[-1].copy()
    for u in drive[-1]:
        half = np.einsum("j,jrc->rc", u, controls)
        state = expm(-1j * dt * (drift[-1] + half + half.conj().T)) @ state
    return state


def compare(benchmark, slow, goal):
    stats = benchmark.stats.stats
    benchmark.extra_info |= {
        "goal": goal, "qutip_seconds": slow, "times_qutip": slow / stats.min, "times_qutip_median": slow / stats.median,
    }  # fmt: skip


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize(("levels", "steps", "duration", "goal"), [
    (3, 400, 20e-9, 300), (3, 400, 40e-9, 300), (9, 1000, 100e-9, None), (9, 1000, 250e-9, None),
    (9, 1000, 500e-9, 120), (9, 1000, 1e-6, 120),
])  # fmt: skip
def test_sweep_of_a_driven_system(benchmark, levels, steps, duration, goal):
    system = (one_transmon if levels == 3 else two_transmons)(steps, duration)
    slow, states = solve(system, levels)
    psi = ground(levels)
    benchmark.pedantic(propagate, (*system, psi), setup=lambda: psi.__setitem__(slice(None), ground(levels)), rounds=15)
    compare(benchmark, slow, goal)
    benchmark.extra_info |= {
        "difference_from_expm": float(np.max(np.abs(psi[-1] - exact(system, ground(levels))))),
        "difference_from_qutip": float(np.max(np.abs(psi[-1] - states[-1]))),
    }  # fmt: skip
    assert benchmark.extra_info["difference_from_expm"] < 1e-9


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("duration", [20e-9, 40e-9])
def test_sweep_of_a_decaying_transmon(benchmark, duration):
    system = one_transmon(400, duration)
    a = lower(3)
    collapse = np.stack([a / np.sqrt(30e-6), np.sqrt(2 / 50e-6) * a.conj().T @ a])
    slow, states = solve(system, 3, collapse)
    start = np.zeros((POINTS, 3, 3), complex)
    start[:, 0, 0] = 1
    rho = start.copy()
    arguments = (*system, collapse, rho)
    benchmark.pedantic(propagate_lindblad, arguments, setup=lambda: rho.__setitem__(slice(None), start), rounds=15)
    compare(benchmark, slow, 400)
    benchmark.extra_info["difference_from_qutip"] = float(np.max(np.abs(rho[-1] - states[-1])))
    assert benchmark.extra_info["difference_from_qutip"] < 1e-3
