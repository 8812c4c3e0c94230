"""Make ``qutip.json`` anew: gates of ions and atoms, integrated by QuTiP; ``python tests/physics/references/make.py``.

Nothing of qctl is used. Two ions: ``H = eta Omega (sx1 + sx2) / 2 (a exp(i delta t) + h.c.)`` in the Lamb-Dicke limit,
from \\|00> and a thermal mode; ``eta Omega = delta / 2`` closes one loop (A. Sorensen and K. Molmer, Phys. Rev. A 62,
022311). Two atoms: ``H = Omega / 2 (exp(i phi) |1><r| + h.c.) - Delta |r><r|`` each and ``V |rr><rr|``; the gate is
two pulses of lengths and phases of H. Levine et al., Phys. Rev. Lett. 123, 170503.
"""

import json
from pathlib import Path

import numpy as np
import qutip

FILE = Path(__file__).with_name("qutip.json")
TWO_PI = 2 * np.pi
EXACT = {"rtol": 1e-10, "atol": 1e-12, "nsteps": 1_000_000}


def ms(nbar, pulse_err, levels):
    """Return what one loop makes of two dark ions; times in us."""
    delta, eta = TWO_PI * 0.010, 0.1
    x, one, a = qutip.sigmax(), qutip.qeye(2), qutip.destroy(levels)
    spins = (qutip.tensor(x, one) + qutip.tensor(one, x)) / 2
    up = qutip.tensor(spins, a) * (delta / 2 * pulse_err)
    h = qutip.QobjEvo([[up, lambda t: np.exp(1j * delta * t)], [up.dag(), lambda t: np.exp(-1j * delta * t)]])
    weights = (nbar / (1 + nbar)) ** np.arange(levels)
    weights /= weights.sum()
    ground, rho = qutip.tensor(qutip.basis(2, 0), qutip.basis(2, 0)), 0
    for n in np.flatnonzero(weights > 1e-12 if nbar else weights == weights.max()).tolist():
        start = qutip.tensor(ground, qutip.basis(levels, n))
        end = qutip.sesolve(h, start, [0, TWO_PI / delta], options={"method": "vern9", **EXACT}).states[-1]
        rho += weights[n] * end.ptrace([0, 1]).full()
    outputs = {f"P{k:02b}": rho[k, k].real for k in range(4)}
    outputs |= {"coherence_abs": abs(rho[0, 3]), "coherence_phase_rad": np.angle(rho[0, 3])}
    asked = {"eta": eta, "delta_kHz": 10, "nbar": nbar, "pulse_err": pulse_err, "levels": levels}
    return {"parameters": asked, "outputs": outputs}


def rydberg(omega, v, phi=0.0, detuning=0.0):
    """Return the Hamiltonian of two atoms with levels 0, 1 and r; rad/us."""
    one, r = qutip.basis(3, 1), qutip.basis(3, 2)
    drive = omega / 2 * np.exp(1j * phi) * one * r.dag()
    alone = drive + drive.dag() - detuning * r * r.dag()
    both = qutip.tensor(r * r.dag(), r * r.dag())
    return qutip.tensor(alone, qutip.qeye(3)) + qutip.tensor(qutip.qeye(3), alone) + v * both


def cz(v, said):
    """Return amplitudes and phases of the states after the two-pulse gate."""
    omega = TWO_PI * 4.6
    tau = 4.29268 / omega
    first, second = (rydberg(omega, v, phi, 0.377371 * omega) for phi in (0.0, 3.90242))
    u = (-1j * second * tau).expm() * (-1j * first * tau).expm()
    kept = {key: u.full()[k, k] for key, k in (("00", 0), ("01", 1), ("10", 3), ("11", 4))}
    local = np.angle(kept["01"] / kept["00"])
    turns = [0, 0, 0, np.pi]  # a CZ and nothing else, once both atoms' own phases are taken back
    diagonal = np.array([value * np.exp(-1j * local * key.count("1")) for key, value in kept.items()])
    trace = abs(np.sum(diagonal * np.exp(-1j * np.array(turns)))) ** 2
    outputs = {
        "abs_amp": {key: abs(kept[key]) for key in ("01", "10", "11")},
        "phase": {key: np.angle(kept[key]) for key in ("01", "10", "11")},
        "residual_1_minus_P11": 1 - abs(kept["11"]) ** 2,
        "avg_gate_fidelity_after_local_z": (trace + np.sum(np.abs(diagonal) ** 2)) / 20,
    }
    return {"parameters": {"Omega_MHz": 4.6, "V": said}, "outputs": outputs}


def blockade():
    """Return how likely the first atom, and both, are excited from 11."""
    omega, times = TWO_PI * 2.0, np.linspace(0, 1, 21)
    r, start = qutip.basis(3, 2), qutip.tensor(qutip.basis(3, 1), qutip.basis(3, 1))
    first, both = qutip.tensor(r * r.dag(), qutip.qeye(3)), qutip.tensor(r * r.dag(), r * r.dag())
    outputs = {}
    for ratio in (0, 1, 10):
        h = rydberg(omega, ratio * omega)
        states = [(-1j * h * t).expm() * start for t in times]
        outputs[f"V={ratio}Om"] = [[qutip.expect(one, state) for state in states] for one in (first, both)]
    return {"parameters": {"Omega_MHz": 2.0, "t_us": times.tolist()}, "outputs": outputs}


def rounded(value):
    """Return numbers to ten digits behind the point: what integration gives."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(float(value), 10) + 0.0 if isinstance(value, float) else value


if __name__ == "__main__":
    made = {
        "ms_ground": ms(0, 1.0, 24),
        "ms_nbar0p5": ms(0.5, 1.0, 60),
        "ms_amp_err_10pct": ms(0, 1.1, 24),
        "rydberg_cz_V_inf": cz(1e6, "1e6 rad/us"),
        "rydberg_cz_V_2pi100MHz": cz(TWO_PI * 100, "100 MHz"),
        "rydberg_blockade_rabi": blockade(),
    }
    document = {"made_by": f"tests/physics/references/make.py with QuTiP {qutip.__version__}", **rounded(made)}
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
