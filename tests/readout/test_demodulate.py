"""Tones of known amplitude come back as they were."""

import numpy as np
import pytest

from qctl.core.errors import ReadoutError
from qctl.readout import demodulate

FREQUENCIES = {0: -20e6, 1: 0.0, 2: 20e6}


def test_multiplexed_tones_come_apart(windows, trace):
    asked = windows((0, 0, 0, 50, 300), (0, 1, 1, 50, 300), (0, 2, 2, 50, 300))
    amplitudes = [[0.1, 0.1j], [0.05, -0.05], [0.2 - 0.1j, 0.0]]
    found = demodulate(trace(asked, amplitudes, FREQUENCIES), FREQUENCIES)
    np.testing.assert_allclose(found, amplitudes, atol=2e-5)


def test_the_phase_counts_from_the_start_of_the_shot(windows, trace):
    early = windows((0, 2, 0, 10, 100))
    late = windows((0, 2, 0, 263, 100))
    amplitude = [[0.1 + 0.02j] * 2]
    for asked in (early, late):
        found = demodulate(trace(asked, amplitude, FREQUENCIES), FREQUENCIES)
        np.testing.assert_allclose(found, amplitude, atol=3e-5)


def test_windows_that_move_from_point_to_point_are_followed(windows, trace):
    asked = windows((0, 0, 0, 0, 100), (1, 0, 0, 50, 200), (1, 2, 1, 250, 150))
    amplitudes = [[0.1, 0.2], [0.3, 0.4j], [0.05, -0.1]]
    found = demodulate(trace(asked, amplitudes, FREQUENCIES, n_points=2), FREQUENCIES)
    np.testing.assert_allclose(found, amplitudes, atol=5e-5)


def test_points_that_listen_alike_give_the_same_as_point_by_point(windows, trace):
    rng = np.random.default_rng(seed=3)
    rows = [(p, q, q, 40 + 10 * (q == 1), 200) for p in range(5) for q in (0, 1, 2)]
    asked = windows(*rows)
    amplitudes = rng.normal(size=(15, 7)) * 0.05 + 0.05j
    whole = trace(asked, amplitudes, FREQUENCIES, shots=7, n_points=5)
    together = demodulate(whole, FREQUENCIES)
    shuffled = windows(*rows[1:])  # the first point listens to less: no common pattern
    apart = demodulate(
        type(whole)(
            whole.codes, whole.volts_per_code, 0.0, type(whole.listening)(
                whole.listening.inputs, whole.listening.sample_rate, shuffled, 0, 400
            )
        ),
        FREQUENCIES,
    )  # fmt: skip
    np.testing.assert_allclose(together[1:], apart, rtol=1e-12, atol=1e-15)


def test_a_voltage_at_code_zero_is_taken_into_account(windows, trace):
    asked = windows((0, 1, 0, 0, 400))
    found = demodulate(trace(asked, [[0.1, 0.2]], FREQUENCIES, volts_at_zero=0.03), FREQUENCIES)
    np.testing.assert_allclose(found, [[0.1, 0.2]], atol=1e-4)


def test_an_envelope_weighs_the_samples(windows, trace):
    asked = windows((0, 1, 0, 0, 400))
    whole = trace(asked, [[0.1, 0.2]], FREQUENCIES)
    whole.codes[:, :, :, 200:] = 0
    first_half = np.repeat([1.0, 0.0], 200).astype(complex)
    np.testing.assert_allclose(demodulate(whole, FREQUENCIES, {1: first_half}), [[0.1, 0.2]], atol=1e-12)
    np.testing.assert_allclose(demodulate(whole, FREQUENCIES), [[0.05, 0.1]], atol=1e-12)


def test_a_frequency_that_aliases_is_refused(windows, trace):
    whole = trace(windows((0, 0, 0, 0, 100)), [[0.1, 0.1]], {0: 0.0})
    with pytest.raises(ReadoutError, match="aliases"):
        demodulate(whole, {0: 600e6})


@pytest.mark.parametrize("row", [(0, 0, 0, -1, 10), (0, 0, 0, 350, 51)])
def test_a_window_outside_the_segment_is_refused(windows, trace, row):
    whole = trace(windows((0, 0, 0, 0, 100)), [[0.1, 0.1]], {0: 0.0})
    wrong = type(whole.listening)(whole.listening.inputs, 1e9, windows(row), 0, 400)
    with pytest.raises(ReadoutError, match="400 samples"):
        demodulate(type(whole)(whole.codes, 1e-4, 0.0, wrong), {0: 0.0})


def test_an_envelope_that_is_too_short_is_refused(windows, trace):
    whole = trace(windows((0, 1, 0, 0, 100)), [[0.1, 0.1]], FREQUENCIES)
    with pytest.raises(ReadoutError, match="envelope of 99"):
        demodulate(whole, FREQUENCIES, {1: np.ones(99, complex)})
