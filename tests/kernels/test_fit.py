"""The compiled fit and its twin agree, with each other, with SciPy, and with the truth."""

import numpy as np
import pytest
from scipy.optimize import curve_fit, least_squares

RESONANCE = 8
CONVERGED, TIRED, SINGULAR, NOT_FINITE = range(4)
# By model: parameters at which nothing is degenerate, and which of them are held.
TYPICAL = {
    0: ([0.3, -0.7, 1.1], ()),
    1: ([0.1, 0.9, 3.0, 1.3], ()),
    2: ([0.2, 0.8, 2.0, -0.5, 20.0, 0.0, 1.0], (5, 6)),
    3: ([0.1, 0.2, 0.7, -0.4, 3.3, 1.5, 0.0, 0.0], (6, 7)),
    4: ([0.1, 0.1, 1.0, 0.0, 0.5, 0.3, 6.0, -0.4, 0.5, 3.1], (3,)),
    5: ([0.1, 0.2, 0.9, 0.4, 0.2], ()),
    6: ([0.1, 0.2, -0.9, 0.6, 0.2], ()),
    7: ([0.1, 0.2, 0.8, 0.5, 1.1, 0.9], (5,)),
    8: ([0.45, 0.15, 0.9, 0.2, 0.5, 0.1, 0.1, 0.3], ()),
    9: ([0.1, 0.4, 2.0, 0.5], (0,)),
    10: ([1.0, 0.1, 0.3, 0.45, 1.4], (1,)),
    11: ([1.6, 0.3, 1.2, 0.1, 0.3, 0.45, 1.4], (0, 2, 3)),
    12: ([0.1, 0.8, 0.313, 6.0], ()),
    13: ([0.1, 0.2, 0.9, 0.4, 0.06], ()),
}


def axis(model, n=60):
    x = np.linspace(0.004, 1, n)
    return np.tile(x, 2) if model == RESONANCE else x


def made(twin, model, n_sets=12, noise=0.02, seed=1):
    """Return data around the typical curve, a start that is off, and bounds."""
    rng = np.random.default_rng(seed)
    truth, held = np.array(TYPICAL[model][0]), list(TYPICAL[model][1])
    x = np.tile(axis(model), (n_sets, 1))
    clean = np.empty_like(x)
    twin.evaluate(model, x, np.tile(truth, (n_sets, 1)), clean)
    y = clean + noise * rng.normal(size=x.shape)
    start = truth * (1 + 0.03 * rng.normal(size=(n_sets, len(truth))))
    low, high = np.full(start.shape, -50.0), np.full(start.shape, 50.0)
    low[:, held] = high[:, held] = truth[held]
    return x, y, np.full(x.shape, noise), start, low, high


def run(twin, model, x, y, sigma, start, low, high):
    par, cov = np.empty_like(start), np.empty((*start.shape, start.shape[1]))
    chi2, flag = np.empty(len(start)), np.empty(len(start), np.int32)
    twin.fit(model, x, y, sigma, start, low, high, par, cov, chi2, flag)
    return par, cov, chi2, flag


@pytest.mark.parametrize("model", TYPICAL)
def test_slopes_are_those_of_the_curve(twins, model):
    plain = twins[1]
    x = axis(model)[None]
    truth = np.array(TYPICAL[model][0])
    _, slopes = plain.MODELS[model][0](x, list(truth[:, None, None]))
    assert len(slopes) == len(truth) == plain.MODELS[model][1]
    for k, slope in enumerate(slopes):
        up, down = truth.copy(), truth.copy()
        up[k], down[k] = truth[k] + 1e-6, truth[k] - 1e-6
        numeric = (
            plain.MODELS[model][0](x, list(up[:, None, None]))[0]
            - plain.MODELS[model][0](x, list(down[:, None, None]))[0]
        ) / 2e-6
        np.testing.assert_allclose(slope + 0 * x, numeric, atol=2e-6 * (1 + np.abs(numeric).max()))


@pytest.mark.parametrize("model", TYPICAL)
def test_twins_agree_on_the_curve(twins, model):
    x = np.tile(axis(model), (3, 1))
    p = np.array(TYPICAL[model][0]) * np.array([[1], [0.9], [1.2]])
    found = [np.full(x.shape, np.nan) for _ in twins]
    for twin, out in zip(twins, found, strict=True):
        twin.evaluate(model, x, p, out)
    np.testing.assert_allclose(*found, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("model", TYPICAL)
def test_twins_end_in_the_same_minimum(twins, model):
    data = made(twins[0], model)
    (par, cov, chi2, flag), (other_par, other_cov, other_chi2, other_flag) = (run(twin, model, *data) for twin in twins)
    assert (flag == CONVERGED).all()
    assert (other_flag == CONVERGED).all()
    np.testing.assert_allclose(chi2, other_chi2, rtol=1e-7)
    error = np.sqrt(np.diagonal(cov, axis1=1, axis2=2)) + 1e-12
    assert np.max(np.abs(par - other_par) / error) < 1e-3
    np.testing.assert_allclose(cov, other_cov, rtol=2e-3, atol=2e-3 * np.max(error) ** 2)
    held = list(TYPICAL[model][1])
    assert not cov[:, held].any()


@pytest.mark.parametrize("model", TYPICAL)
def test_the_minimum_is_that_of_scipy(twins, model):
    compiled, plain = twins
    x, y, sigma, start, low, high = made(compiled, model, n_sets=1, seed=4)
    _, cov, chi2, _ = run(compiled, model, x, y, sigma, start, low, high)
    free = np.flatnonzero(low[0] < high[0])

    def residuals(p):
        whole = low[0].copy()
        whole[free] = p
        return ((plain.MODELS[model][0](x, list(whole[:, None, None]))[0] - y) / sigma)[0]

    best = least_squares(residuals, start[0, free], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    assert chi2[0] == pytest.approx(2 * best.cost, rel=1e-6)
    theirs = np.linalg.inv(best.jac.T @ best.jac)
    np.testing.assert_allclose(cov[0][np.ix_(free, free)], theirs, rtol=1e-2, atol=1e-2 * np.abs(theirs).max())


def test_a_straight_line_is_solved_exactly(twins):
    x, y = np.array([[0.0, 1.0, 2.0]]), np.array([[1.0, 3.0, 5.5]])
    sigma = np.array([[1.0, 2.0, 0.5]])
    low, high = np.array([[-9.0, -9.0, 0.0]]), np.array([[9.0, 9.0, 0.0]])
    theirs, their_cov = curve_fit(lambda x, a, b: a + b * x, x[0], y[0], sigma=sigma[0], absolute_sigma=True)
    for twin in twins:
        par, cov, _, flag = run(twin, 0, x, y, sigma, np.zeros((1, 3)), low, high)
        assert flag[0] == CONVERGED
        np.testing.assert_allclose(par[0, :2], theirs, rtol=1e-6)
        np.testing.assert_allclose(cov[0, :2, :2], their_cov, rtol=1e-6)


def test_a_point_of_infinite_sigma_does_not_count(twins):
    x, y, sigma, start, low, high = made(twins[0], 5, n_sets=1)
    spoiled, without = y.copy(), sigma.copy()
    spoiled[0, 7], without[0, 7] = 1e9, np.inf
    keep = np.arange(x.shape[1]) != 7
    for twin in twins:
        par, _, chi2, flag = run(twin, 5, x, spoiled, without, start, low, high)
        cut = [np.ascontiguousarray(part[:, keep]) for part in (x, y, sigma)]
        expected = run(twin, 5, *cut, start, low, high)
        assert flag[0] == CONVERGED
        assert chi2[0] == pytest.approx(expected[2][0], rel=1e-9)
        np.testing.assert_allclose(par, expected[0], rtol=1e-5)


def test_no_parameter_leaves_its_bounds_and_the_best_one_at_a_bound_is_found(twins):
    x, y, sigma, start, low, high = made(twins[0], 3)
    high[:, 4] = 3.2  # the frequency lies at 3.3
    for twin in twins:
        par, _, _, flag = run(twin, 3, x, y, sigma, start, low, high)
        assert (par <= high).all()
        assert (par >= low).all()
        assert (par[:, 4] == 3.2).all()
        assert (flag == CONVERGED).all()


def test_what_the_points_do_not_determine_is_said(twins):
    x, y, sigma, start, low, high = made(twins[0], 5)
    start[:, 2] = low[:, 2] = high[:, 2] = 0.0  # no height: centre and width mean nothing
    for twin in twins:
        _, cov, _, flag = run(twin, 5, x, y, sigma, start, low, high)
        assert (flag == SINGULAR).all()
        assert np.isnan(cov).all()


@pytest.mark.parametrize("where", ["y", "sigma", "start", "x"])
def test_what_is_not_finite_is_said_and_spoils_no_neighbour(twins, where):
    x, y, sigma, start, low, high = made(twins[0], 3, n_sets=3)
    {"x": x, "y": y, "sigma": sigma, "start": start}[where][1, 2] = np.nan
    for twin in twins:
        par, cov, _, flag = run(twin, 3, x, y, sigma, start, low, high)
        assert flag.tolist() == [CONVERGED, NOT_FINITE, CONVERGED]
        assert np.isnan(cov[1]).all()
        assert np.isfinite(par[[0, 2]]).all()


def test_perfect_points_are_a_minimum_too(twins):
    data = made(twins[0], 3, noise=0.0)
    data[2][:] = 1.0
    for twin in twins:
        par, _, chi2, flag = run(twin, 3, *data)
        assert (flag == CONVERGED).all()
        assert (chi2 < 1e-15).all()
        np.testing.assert_allclose(par[:, 4], 3.3, rtol=1e-7)


def test_nothing_to_fit_is_fine(twins):
    for twin in twins:
        par, *_ = run(twin, 0, *[np.empty((0, 5))] * 3, *[np.empty((0, 3))] * 3)
        assert par.shape == (0, 3)
        *_, flag = run(
            twin, 0, *[np.empty((2, 0))] * 3, np.zeros((2, 3)), *np.array([[[-1.0] * 3] * 2, [[1.0] * 3] * 2])
        )
        assert (flag == SINGULAR).all()


def test_what_does_not_fit_is_refused(twins):
    x, y, sigma, start, low, high = made(twins[0], 5)
    for twin in twins:
        with pytest.raises(ValueError, match="no model 14"):
            run(twin, 14, x, y, sigma, start, low, high)
        with pytest.raises(ValueError, match="no model -1"):
            run(twin, -1, x, y, sigma, start, low, high)
        with pytest.raises(ValueError, match="fit each other"):
            run(twin, 5, x, y[:, 1:].copy(), sigma, start, low, high)
        with pytest.raises(ValueError, match="fit each other"):
            run(twin, 0, x, y, sigma, start, low, high)
        with pytest.raises(ValueError, match="fit each other"):
            run(twin, RESONANCE, *[part[:, :7].copy() for part in (x, y, sigma)], *[np.zeros((12, 8))] * 3)
        with pytest.raises(ValueError, match="bound"):
            run(twin, 5, x, y, sigma, start, high, low)
