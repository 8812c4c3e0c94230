"""The chain's own propagators against analytic results, QuTiP's numbers and the closed forms of ionics_fits."""

import json
from pathlib import Path

import numpy as np
import pytest

from qctl.physics.ions.crystal import modes
from qctl.physics.ions.entangling import both_turned, forces
from qctl.physics.ions.fock import MANY, coupling, moved_on, thermal
from qctl.physics.ions.glow import Glowing, Shining
from qctl.physics.ions.motion import Pair, carried, carried_between, thinned
from qctl.physics.ions.twin import Glow, Light

REFERENCES = Path(__file__).parents[1] / "references/qutip.json"  # made by make.py beside it
TWO_PI = 2 * np.pi
TINY = 1e-3  # a Lamb-Dicke parameter at which first order is all there is


@pytest.fixture(scope="module")
def reference():
    return json.loads(REFERENCES.read_text(encoding="utf-8"))


def thermal_weights(mean, n_levels):
    return (mean / (1 + mean)) ** np.arange(n_levels) / (1 + mean)


def gate(
    duration=100e-6,
    beat=10e3,
    scale=1.0,
    quanta=(0,),
    size=20,
    n_ions=2,
    eta=TINY,
    imbalance=0.0,
    centre=0.0,
    signs=(1,),
):
    """Return Kraus operators of tones that close one loop of ``sigma_x sigma_x`` with ``scale`` 1."""
    steps = 192
    dt = duration / steps
    times = (np.arange(steps) + 0.5) * dt
    strength = TWO_PI * beat / 2 / eta * scale * np.repeat(signs, steps // len(signs))
    turn = np.exp(1j * TWO_PI * beat * times)
    fields = [1j * strength * (1 + s * imbalance / 2) * t for s, t in ((1, turn), (-1, turn.conj()))]
    blue, red = (np.tile(f, (n_ions, 1)) for f in fields)
    shift = np.full((n_ions, steps), TWO_PI * centre)
    pair = Pair(blue, red, shift, np.full(n_ions, eta), dt)
    return pair.propagator(list(quanta), size, np.ones(1), np.zeros((1, n_ions)), np.zeros(1))[0]


def from_dark(kraus):
    """Return the density matrix that the dark state becomes, averaged over quanta already weighted."""
    return np.einsum("qna,qnb->ab", kraus[..., 0], kraus[..., 0].conj())


@pytest.mark.parametrize("name", ["ms_ground", "ms_nbar0p5", "ms_amp_err_10pct"])
def test_gates_agree_with_qutip_to_1e_5(reference, name):
    asked = reference[name]["parameters"]
    seen = reference[name]["outputs"]
    mean, quanta = asked["nbar"], tuple(range(1 if not asked["nbar"] else 12))
    kraus = gate(scale=asked.get("pulse_err", 1.0), quanta=quanta, size=34 if mean else 20)
    weights = thermal_weights(mean, len(quanta))
    rho = from_dark(kraus * np.sqrt(weights / weights.sum())[:, None, None, None])
    assert rho.diagonal().real == pytest.approx([seen[p] for p in ("P00", "P01", "P10", "P11")], abs=1e-5)
    assert abs(rho[0, 3]) == pytest.approx(seen["coherence_abs"], abs=1e-5)
    assert np.angle(rho[0, 3]) == pytest.approx(seen["coherence_phase_rad"], abs=1e-5)


def test_half_the_strength_turns_a_quarter_and_twice_the_strength_is_the_identity():
    half = from_dark(gate(scale=0.5)).diagonal().real
    assert half == pytest.approx([0.962, 0, 0, 0.038], abs=5e-4)
    assert from_dark(gate(scale=2.0, size=34)).diagonal().real == pytest.approx([1, 0, 0, 0], abs=1e-5)


@pytest.mark.parametrize(("n_ions", "walsh"), [(1, 0), (2, 0), (2, 1), (2, 3)])
def test_populations_are_those_of_ionics_fits(n_ions, walsh):
    models = pytest.importorskip("ionics_fits.models.molmer_sorensen")
    model = models.MolmerSorensenTime(n_ions, start_excited=False, walsh_idx=walsh)
    mean, quanta, beat = 0.1, tuple(range(5)), 10e3
    weights = thermal_weights(mean, len(quanta))
    for duration in (40e-6, 130e-6):
        values = {"omega": TWO_PI * beat / 2 * 0.9, "delta": TWO_PI * beat, "n_bar": mean}
        expected = np.squeeze(model.func(np.array([duration]), values))
        signs = {0: (1,), 1: (1, -1), 3: (1, -1, -1, 1)}[walsh]
        kraus = gate(duration, beat, 0.9, quanta, 26, n_ions, signs=signs)
        found = from_dark(kraus * np.sqrt(weights / weights.sum())[:, None, None, None]).diagonal().real
        mine = found[1:] if n_ions == 1 else [found[0], found[1] + found[2], found[3]]
        assert list(mine) == pytest.approx(np.atleast_1d(expected).tolist(), abs=1e-4)


def test_rabi_rates_of_a_thermal_ion_follow_laguerre():
    n = np.arange(400)
    weights, rates = thermal_weights(10.0, 400), coupling(0.1, n)
    angles = np.linspace(0.9, 1.2, 301) * np.pi
    first = max(weights @ np.sin(rates * a / 2) ** 2 for a in angles)
    ninth = max(
        weights @ np.sin(rates * a / 2) ** 2 for a in np.linspace(9.0, 11.0, 801) * np.pi
    )  # after nine half turns
    assert first == pytest.approx(0.975, abs=1e-3)
    assert ninth == pytest.approx(0.655, abs=2e-3)


def test_rabi_flops_agree_with_ionics_fits():
    models = pytest.importorskip("ionics_fits.models.laser_rabi")
    n_max, mean, eta, rabi = 120, 4.0, 0.12, TWO_PI * 50e3
    n, weights, times = np.arange(n_max + 1), thermal_weights(mean, n_max + 1), np.linspace(0, 60e-6, 25)
    values = {"delta": 0.0, "omega": rabi, "eta": eta, "n_bar": mean, "P_readout_e": 1.0, "P_readout_g": 0.0}
    for order in (0, 1, -1):
        model = models.LaserFlopTimeThermal(start_excited=False, sideband_index=order, n_max=n_max)
        expected = np.squeeze(model.func(times, values | {"tau": np.inf, "t_dead": 0.0}))
        found = [weights @ np.sin(coupling(eta, n, order) * rabi * t / 2) ** 2 for t in times]
        assert found == pytest.approx(expected.tolist(), abs=1e-3)


def test_the_ratio_of_sidebands_tells_the_quanta():
    weights, n = thermal_weights(0.15, 60), np.arange(60)
    red = weights @ np.sin(2.0 * coupling(0.1, n, -1)) ** 2
    blue = weights @ np.sin(2.0 * coupling(0.1, n, 1)) ** 2
    assert red / blue / (1 - red / blue) == pytest.approx(0.15, abs=1e-9)


def test_couplings_are_those_of_the_exact_displacement():
    from scipy.linalg import expm

    a = np.diag(np.sqrt(np.arange(1, 90)), 1)
    exact = expm(1j * 0.3 * (a + a.T))
    for s in (-2, -1, 0, 1, 2):
        n = np.arange(2, 20)
        assert coupling(0.3, n, s) == pytest.approx((exact[n + s, n] / 1j ** abs(s)).real, abs=1e-10)
    assert coupling(0.05, np.array([MANY]), 1) == pytest.approx(coupling(0.05, np.array([MANY + 1]), 1), abs=2e-3)


def test_modes_of_a_chain_are_those_of_james():
    assert modes(3).ratios ** 2 == pytest.approx([1, 3, 5.8], rel=1e-9)
    assert modes(8).ratios[:3] ** 2 == pytest.approx([1, 3, 5.8], rel=0.02)
    assert modes(2).positions == pytest.approx([-0.62996, 0.62996], abs=1e-5)
    assert modes(5).vectors[:, 0] == pytest.approx(np.full(5, 5**-0.5))


def test_heating_keeps_a_thermal_state_thermal():
    rng = np.random.default_rng(3)
    n = moved_on(thermal(0.4, 40_000, rng), 60.0, 60.0, 5e-3, rng)
    assert n.mean() == pytest.approx(0.7, abs=0.02)
    assert n.var() == pytest.approx(0.7 * 1.7, rel=0.05)


def test_cooling_follows_its_rate_equation():
    rng = np.random.default_rng(4)
    n = moved_on(np.full(40_000, 12), 300.0, 1300.0, 1.2e-3, rng)
    end = 300.0 / 1000.0
    assert n.mean() == pytest.approx(end + (12 - end) * np.exp(-1.2), rel=0.01)


def test_doppler_cooling_ends_at_half_the_linewidth():
    light = Light(kind=Glow.COOLING, linewidth=20e6, saturation=1e-3)
    glowing = Glowing({Glow.COOLING: Shining(light, -10e6, 1e-3)})
    up, down = glowing.quanta(np.array([0.5e6]))
    assert float(up[0] / (down - up)[0]) == pytest.approx(20e6 / (2 * 0.5e6), rel=0.03)


def test_forces_give_the_displacement_and_the_turn_of_a_closed_loop():
    nu, beat, eta, n = TWO_PI * 1e6, TWO_PI * 10e3, 0.05, 40_000
    dt = 100e-6 / n
    times = (np.arange(n) + 0.5) * dt
    light = 2 * (beat / 2 / eta) * np.cos((nu + beat) * times) * np.ones((2, 1))
    found = forces(light.astype(complex), 0.0, dt, np.full((2, 1), eta), np.array([nu]))
    assert np.abs(found.ends).max() < 2e-3  # what the counter-rotating part leaves
    assert abs(found.angles[0, 1, 0]) == pytest.approx(np.pi / 4, rel=0.011)
    turned = np.abs(both_turned((0.0, 0.0), np.pi / 4)[:, 0]) ** 2
    assert turned == pytest.approx([0.5, 0, 0, 0.5])


def test_heat_turns_spins_as_qutip_says():
    qutip = pytest.importorskip("qutip")
    rate, beat, duration, n = 200.0, TWO_PI * 10e3, 100e-6, 8
    a = qutip.tensor(qutip.qeye(2), qutip.destroy(n))
    spin = qutip.tensor(qutip.sigmax(), qutip.qeye(n))
    drive = [
        [beat / 4 * spin * a, lambda t: np.exp(1j * beat * t)],
        [beat / 4 * spin * a.dag(), lambda t: np.exp(-1j * beat * t)],
    ]
    start = qutip.ket2dm(qutip.tensor(qutip.basis(2, 0), qutip.basis(n, 0)))
    heat = [np.sqrt(rate) * a, np.sqrt(rate) * a.dag()]
    end = qutip.mesolve(drive, start, [0, duration], heat).states[-1]
    seen = qutip.expect(qutip.tensor(qutip.sigmaz(), qutip.qeye(n)), end)
    steps = 4000
    dt = duration / steps
    times = (np.arange(steps) + 0.5) * dt
    light = beat / TINY * np.cos((TWO_PI * 1e6 + beat) * times)[None]
    kicks = forces(light.astype(complex), 0.0, dt, np.full((1, 1), TINY), np.array([TWO_PI * 1e6])).kicks[0, 0, 0]
    assert np.exp(-2 * rate * kicks) == pytest.approx(seen, abs=3e-4)


@pytest.mark.parametrize(("imbalance", "centre"), [(0.0, 0.0), (0.08, 0.0), (0.0, 700.0), (-0.05, 400.0)])
def test_unbalanced_and_detuned_tones_agree_with_qutip(imbalance, centre):
    qutip = pytest.importorskip("qutip")
    n, eta, beat, duration = 14, 0.05, TWO_PI * 10e3, 100e-6
    lift = np.zeros((n, n))
    lift[np.arange(1, n), np.arange(n - 1)] = coupling(eta, np.arange(n - 1), 1)
    up, raises = qutip.Qobj(lift), [qutip.Qobj([[0, 0], [1, 0]]), qutip.qeye(2)]
    rabi = beat / 2 / eta
    total: list = [0]
    for raised in (qutip.tensor(*raises, qutip.qeye(n)), qutip.tensor(*raises[::-1], qutip.qeye(n))):
        total[0] += TWO_PI * centre * raised * raised.dag()
        one = raised * qutip.tensor(qutip.qeye(2), qutip.qeye(2), up)
        two = raised * qutip.tensor(qutip.qeye(2), qutip.qeye(2), up.dag())
        for operator, sign, share in ((one, -1, 1 + imbalance / 2), (two, 1, 1 - imbalance / 2)):
            # i/2 (i b)^* sigma+ A^dag and its like: the fields of `gate` carry a factor i
            part = share * rabi / 2 * operator
            total.append([part, lambda t, s=sign: np.exp(1j * s * beat * t)])
            total.append([part.dag(), lambda t, s=sign: np.exp(-1j * s * beat * t)])
    start = qutip.tensor(qutip.basis(2, 0), qutip.basis(2, 0), qutip.basis(n, 0))
    end = qutip.sesolve(total, start, [0, duration], options={"rtol": 1e-9, "atol": 1e-11}).states[-1]
    expected = qutip.ptrace(end, [0, 1]).full()
    found = from_dark(gate(size=n, eta=eta, imbalance=imbalance, centre=centre))
    assert found == pytest.approx(expected, abs=1e-5)


def test_propagators_between_nodes_are_those_at_nodes():
    drive = np.full(50, TWO_PI * 50e3, complex)
    factors, detunings = np.linspace(0.7, 1.0, 60)[None] * np.ones((2, 1)), np.array([0.0, 3e4])
    found = carried_between(drive, np.zeros(50), factors, detunings, 1e-6)
    exact = carried(drive, np.zeros(50), factors.ravel(), np.repeat(detunings, 60), 1e-6).reshape(2, 60, 2, 2)
    assert found == pytest.approx(exact, abs=1e-6)


def test_thinning_keeps_a_pulse():
    times = np.arange(4000) * 1e-7  # s
    pulse = np.exp(-(((times - 2e-4) / 4e-5) ** 2)) * np.exp(2e5j * times)
    thin, dt = thinned(np.stack([pulse]), 1e-7, 1e5, 1)
    assert len(thin[0]) < 400
    assert np.sum(thin[0]) * dt == pytest.approx(np.sum(pulse) * 1e-7, abs=1e-9)
    assert thin[0] == pytest.approx(np.interp(np.arange(len(thin[0])) * dt, times, pulse), abs=2e-3)
