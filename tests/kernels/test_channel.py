"""The operator of a stretch of transmons agrees with matrix exponentials, step by step, and keeps what must be kept."""

import numpy as np
import pytest

TWO_PI = 2 * np.pi
CHAIN = {1: [], 2: [(0, 1)], 3: [(0, 1), (1, 2)]}


def stretch(places, levels=3, n_steps=9, *, driven=True, decay=True, seed=1, step=1e-9):
    """Return arguments for ``places`` transmons in a row: first and last step shorter, as where a piece begins."""
    rng = np.random.default_rng(seed)
    pairs = np.array(CHAIN[places], np.int64).reshape(-1, 2)
    detuning = TWO_PI * rng.normal(size=(n_steps, places, 1)) * 0.2e9
    number = np.arange(levels)
    energies = detuning * number - TWO_PI * 0.15e9 * number * (number - 1)
    fields = TWO_PI * 40e6 * (rng.normal(size=(n_steps, places)) + 1j * rng.normal(size=(n_steps, places))) * driven
    exchanges = TWO_PI * 10e6 * rng.normal(size=(n_steps, len(pairs)))
    shifts = TWO_PI * 20e3 * rng.normal(size=len(pairs))
    steps = np.full(n_steps, step)
    steps[:1] *= 0.3
    steps[-1:] *= 0.6
    rates = rng.uniform(0.2, 1, (places, 3)) * [[3e5, 1e4, 4e5]] if decay else None
    return energies, fields, exchanges, shifts, pairs, steps, rates, 2e-9


@pytest.mark.parametrize("places", [1, 2, 3])
@pytest.mark.parametrize("driven", [False, True])
def test_twins_agree_without_decay(twins, places, driven):
    compiled, plain = (twin.channel(*stretch(places, driven=driven, decay=False)) for twin in twins)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-10)


@pytest.mark.parametrize("levels", [2, 3, 4])
@pytest.mark.parametrize("driven", [False, True])
@pytest.mark.parametrize("places", [1, 2])
def test_twins_agree_with_decay(twins, places, levels, driven):
    compiled, plain = (twin.channel(*stretch(places, levels, driven=driven)) for twin in twins)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-10)


def test_three_transmons_with_decay_agree_on_the_levels_that_matter(twins):
    compiled, plain = (twin.channel(*stretch(3, 2, n_steps=4)) for twin in twins)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n_steps", [0, 1, 7, 8, 9, 17])
@pytest.mark.parametrize("step", [0.1e-9, 1e-9, 20e-9])
def test_any_number_of_steps_of_any_length_agrees(twins, n_steps, step):
    compiled, plain = (twin.channel(*stretch(1, n_steps=n_steps, step=step)) for twin in twins)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-9)


def test_strong_decay_agrees_with_the_exponential(twins):
    energies, fields, exchanges, shifts, pairs, steps, rates, _ = stretch(1, step=1e-6)
    found = [twin.channel(energies, 0 * fields, exchanges, shifts, pairs, steps, rates * 5, 1e-6) for twin in twins]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-9)


def test_the_trace_is_kept_and_hermitian_matrices_stay_so(twins):
    found = twins[0].channel(*stretch(2, n_steps=200))
    trace = np.kron(np.eye(3).ravel(), np.eye(3).ravel())
    np.testing.assert_allclose(trace @ found, trace, atol=1e-11)
    swap = np.arange(81).reshape(3, 3, 3, 3).transpose(1, 0, 3, 2).ravel()
    np.testing.assert_allclose(found, found[np.ix_(swap, swap)].conj(), rtol=0, atol=1e-15)


def test_exchange_alone_never_changes_how_many_excitations_there_are(twins):
    found = twins[0].channel(*stretch(2, driven=False, decay=False))
    excitations = np.add.outer(np.arange(3), np.arange(3)).ravel()
    assert not found[excitations[:, None] != excitations].any()


@pytest.mark.parametrize("which", [0, 1, 2, 5, 6])
def test_numbers_that_are_not_finite_are_refused(twins, which):
    arguments = list(stretch(2))
    arguments[which] = arguments[which].copy()
    arguments[which].flat[0] = np.nan
    for twin in twins:
        with pytest.raises(ValueError, match="not finite"):
            twin.channel(*arguments)


def test_arrays_that_do_not_fit_and_too_many_levels_are_refused(twins):
    energies, fields, exchanges, shifts, pairs, steps, rates, longest = stretch(2)
    for twin in twins:
        with pytest.raises(ValueError, match="do not fit"):
            twin.channel(energies, fields[:, :1].copy(), exchanges, shifts, pairs, steps, rates, longest)
        with pytest.raises(ValueError, match="do not fit"):
            twin.channel(energies, fields, exchanges, shifts, pairs + 1, steps, rates, longest)
        with pytest.raises(ValueError, match="at most 64"):
            twin.channel(*stretch(3, 5))
