"""The compiled renderer and its twin agree to one code, and say what does not fit full scale."""

import numpy as np
import pytest

ENVELOPES = [40, 160, 1, 0, 1600, 5000]


def plays(n, n_samples, seed=1, size=0.1):
    """Return envelopes and ``n`` random plays that may overlap, in the order of render_iq's arguments."""
    rng = np.random.default_rng(seed)
    lengths = [length for length in ENVELOPES if length <= n_samples]
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    samples = np.exp(1j * rng.normal(size=first[-1])) * rng.uniform(0, 1, first[-1])
    waveform = rng.integers(0, len(lengths), n).astype(np.int32)
    start = np.array([rng.integers(0, n_samples - lengths[w] + 1) for w in waveform], np.int64)
    carrier = rng.choice([0.0, 0.123456789, -0.3, 0.5], n)
    return samples, first, waveform, start, rng.uniform(-size, size, n), rng.normal(size=n) * 10, carrier


def mixed(twins, arguments, n_samples, origin=0, mixer=((1.02, 0.03), (-0.01, 0.97)), offset=(0.01, -0.02)):
    codes, peaks = [], []
    for twin in twins:
        out = np.full((2, n_samples), 99, np.int16)
        peaks.append(twin.render_iq(*arguments, origin, np.array(mixer, float), np.array(offset, float), out))
        codes.append(out)
    return codes, peaks


def assert_agree(codes, peaks):
    assert np.max(np.abs(codes[0].astype(int) - codes[1]), initial=0) <= 1
    assert peaks[0] == pytest.approx(peaks[1], abs=2e-6, rel=2e-6)


@pytest.mark.parametrize("n_samples", [0, 1, 15, 17, 255, 257, 4096, 20_001])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("origin", [0, -7, 12_345])
def test_twins_agree(twins, n, n_samples, origin):
    assert_agree(*mixed(twins, plays(n, n_samples, seed=n, size=0.3 / max(n, 1)), n_samples, origin))


@pytest.mark.parametrize("gap", [0, 1, 33])
def test_twins_agree_on_plays_one_after_another(twins, gap):
    samples, first, waveform, start, amplitude, phase, carrier = plays(60, 5000, seed=8, size=0.9)
    length = np.diff(first)[waveform] + gap
    start = np.concatenate([[3], 3 + np.cumsum(length)[:-1]]).astype(np.int64)
    n_samples = int(start[-1] + length[-1]) + 5
    assert_agree(*mixed(twins, (samples, first, waveform, start, amplitude, phase, carrier), n_samples))


@pytest.mark.parametrize("before", [0, 1, 7, 31, 32])
@pytest.mark.parametrize("n_samples", [3, 31, 64, 1000, 300_001])
def test_only_the_output_is_written_wherever_it_lies(twins, before, n_samples):
    arguments, found = plays(9, n_samples, seed=4), []
    for twin in twins:
        memory = np.full(2 * n_samples + 100, 99, np.int16)
        out = memory[before : before + 2 * n_samples].reshape(2, n_samples)
        twin.render_iq(*arguments, 0, np.eye(2), np.array([0.01, -0.02]), out)
        assert (memory[:before] == 99).all()
        assert (memory[before + 2 * n_samples :] == 99).all()
        found.append(out)
    assert np.max(np.abs(found[0].astype(int) - found[1])) <= 1


def test_a_chunk_beyond_full_scale_saturates_and_its_neighbours_do_not(twins):
    samples, first = np.linspace(-1.2, 1.2, 3000) + 0j, np.array([0, 3000])
    where, one = (np.zeros(1, np.int32), np.zeros(1, np.int64)), np.ones(1)
    codes, peaks = mixed(twins, (samples, first, *where, one, one * 0, one * 0), 3000, 0, np.eye(2), (0, 0))
    assert peaks[0] == pytest.approx(1.2)
    assert np.max(np.abs(codes[0].astype(int) - codes[1])) <= 1
    assert codes[0][0, 0] == -32768
    assert codes[0][0, -1] == 32767


def test_rounding_differs_from_float64_in_few_codes_only(twins):
    codes, _ = mixed(twins, plays(40, 20_001, size=0.02), 20_001)
    assert np.mean(codes[0] != codes[1]) < 0.01


def test_the_order_of_plays_does_not_matter(twins):
    arguments = plays(40, 20_001, size=0.02)
    order = np.argsort(arguments[3], kind="stable")
    ordered = (*arguments[:2], *(column[order] for column in arguments[2:]))
    for twin in twins:
        (codes, peaks), (same, _) = mixed([twin], arguments, 20_001), mixed([twin], ordered, 20_001)
        assert peaks[0] > 0.02
        assert np.max(np.abs(codes[0].astype(int) - same[0])) <= 1


def test_idle_samples_hold_the_offset(twins):
    none = plays(0, 100)
    codes, peaks = mixed(twins, none, 100, offset=(0.25, -0.5))
    for out, peak in zip(codes, peaks, strict=True):
        assert (out[0] == round(0.25 * 32767)).all()
        assert (out[1] == round(-0.5 * 32767)).all()
        assert peak == 0.5


def test_a_carrier_keeps_its_phase_over_a_million_samples(twins):
    n_samples, carrier = 1_000_000, 0.2345678901
    one = np.ones(n_samples, np.complex128)
    arguments = (one, np.array([0, n_samples]), np.zeros(1, np.int32), np.zeros(1, np.int64))
    numbers = (np.array([0.9]), np.array([0.3]), np.array([carrier]))
    (codes, _), _ = mixed(twins, (*arguments, *numbers), n_samples, -(10**9), np.eye(2), (0, 0))
    turns = carrier * (np.arange(n_samples) + 10**9)
    assert np.max(np.abs(codes[0] - 0.9 * 32767 * np.cos(2 * np.pi * turns + 0.3))) < 0.55
    assert np.max(np.abs(codes[1] - 0.9 * 32767 * np.sin(2 * np.pi * turns + 0.3))) < 0.55


@pytest.mark.parametrize("many", [1, 3])
def test_the_peak_tells_of_values_beyond_full_scale(twins, many):
    samples, first = np.full(50, 1 + 0j), np.array([0, 50])
    column = np.full(many, 1.5 / many)
    where = np.zeros(many, np.int32), np.full(many, 10, np.int64)
    codes, peaks = mixed(twins, (samples, first, *where, column, column * 0, column * 0), 70, 0, np.eye(2), (0, 0))
    for out, peak in zip(codes, peaks, strict=True):
        assert peak == pytest.approx(1.5)
        assert out[0, 30] == 32767


@pytest.mark.parametrize("spoilt", ["samples", "amplitude", "phase", "carrier", "mixer", "offset"])
@pytest.mark.parametrize("n", [1, 30])
def test_nan_anywhere_makes_the_peak_nan(twins, spoilt, n):
    names = ("samples", "first", "waveform", "start", "amplitude", "phase", "carrier")
    arguments = dict(zip(names, plays(n, 5000), strict=True))
    arguments["waveform"][0], arguments["start"][0] = 4, 7
    numbers = {"mixer": np.eye(2), "offset": np.zeros(2)}
    if spoilt in numbers:
        numbers[spoilt].flat[0] = np.nan
    else:
        arguments[spoilt][300 if spoilt == "samples" else 0] = np.nan
    _, peaks = mixed(twins, tuple(arguments.values()), 5000, 0, **numbers)
    assert np.isnan(peaks).all()


@pytest.mark.parametrize("n_samples", [0, 1, 17, 5000])
def test_twins_agree_at_baseband(twins, n_samples):
    arguments = plays(20, n_samples)[:-1]
    found = [np.full(n_samples, 99.0) for _ in twins]
    for twin, out in zip(twins, found, strict=True):
        twin.render_real(*arguments, out)
    np.testing.assert_allclose(*found, rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 1000])
def test_twins_quantise_alike(twins, n):
    x = np.random.default_rng(n).uniform(-1, 1, n)
    found = [np.full(n, 99, np.int16) for _ in twins]
    peaks = [twin.quantise(x, 0.05, out) for twin, out in zip(twins, found, strict=True)]
    np.testing.assert_array_equal(*found)
    assert peaks[0] == peaks[1]


def test_quantise_rounds_to_even_and_tells_of_nan(twins):
    for twin in twins:
        out = np.zeros(6, np.int16)
        codes = np.array([0.5, 1.5, -0.5, 40_000, -40_000, 7])
        assert twin.quantise(codes / 32767, 0.0, out) == 40_000 / 32767
        assert out.tolist() == [0, 2, 0, 32767, -32768, 7]
        assert np.isnan(twin.quantise(np.array([0.5, np.nan, 0.1]), 0.0, np.zeros(3, np.int16)))


def test_plays_outside_the_output_and_unknown_waveforms_are_refused(twins):
    good = plays(3, 5000)
    for twin in twins:
        for column, row, value in [(2, 1, 99), (2, 1, -1), (3, 1, -1), (3, 1, 5001), (1, 0, -1), (1, 2, 10**9)]:
            bad = [argument.copy() for argument in good]
            bad[column][row] = value
            out = np.full((2, 5000), 99, np.int16)
            with pytest.raises(ValueError, match=r"play 1|first"):
                twin.render_iq(*bad, 0, np.eye(2), np.zeros(2), out)
            assert (out == 99).all()
            with pytest.raises(ValueError, match=r"play 1|first"):
                twin.render_real(*bad[:-1], np.zeros(5000))


def test_what_does_not_fit_is_refused(twins):
    good = plays(3, 5000)
    for twin in twins:
        with pytest.raises(ValueError, match="fit"):
            twin.render_iq(*good[:-1], good[-1][:2], 0, np.eye(2), np.zeros(2), np.zeros((2, 5000), np.int16))
        with pytest.raises(ValueError, match="fit"):
            twin.render_real(*good[:-2], good[-2][:2], np.zeros(5000))
        with pytest.raises(ValueError, match="two outputs"):
            twin.render_iq(*good, 0, np.eye(2), np.zeros(3), np.zeros((2, 5000), np.int16))
        with pytest.raises(ValueError, match="fit"):
            twin.quantise(np.zeros(3), 0.0, np.zeros(4, np.int16))
