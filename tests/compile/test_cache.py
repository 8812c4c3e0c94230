"""The second compile is a look-up, and only for the same content."""

import numpy as np
import pytest

from qctl.compile import compile_program
from qctl.compile.cache import SequenceCache
from qctl.core.program import Op

X = (Op.R, (0,), (np.pi, 0.0))


@pytest.fixture
def cache():
    return SequenceCache()


def test_the_same_content_is_found_again(program, parameters, laboratory, limits, cache):
    one, other = (compile_program(program([X]), parameters, laboratory, limits, cache=cache) for _ in range(2))
    assert one is other
    assert (cache.hits, cache.misses) == (1, 1)


def test_other_shots_are_the_same_content(program, parameters, laboratory, limits, cache):
    one = compile_program(program([X], shots=5), parameters, laboratory, limits, cache=cache)
    other = compile_program(program([X], shots=7), parameters, laboratory, limits, cache=cache)
    assert (one.shots, other.shots) == (5, 7)
    assert cache.misses == 1
    assert one.digest == other.digest


def test_parameters_that_were_not_read_do_not_matter(program, parameters, laboratory, limits, cache):
    compile_program(program([X]), parameters, laboratory, limits, cache=cache)
    other = parameters.replaced({"q1.x180.amplitude": 0.123, "q0.t1": 1e-6})
    compile_program(program([X]), other, laboratory, limits, cache=cache)
    assert cache.misses == 1


@pytest.mark.parametrize(
    "changed", [{"q0.x180.amplitude": 0.11}, {"q0.frequency": 5.29e9}, {"q1.flux.predistortion.fir_0": 1.0}]
)
def test_parameters_that_were_read_or_missed_do(changed, program, parameters, laboratory, limits, cache):
    one = compile_program(program([X]), parameters, laboratory, limits, cache=cache)
    other = compile_program(program([X]), parameters.replaced(changed), laboratory, limits, cache=cache)
    assert cache.misses == 2
    assert one.digest != other.digest
    again = compile_program(program([X]), parameters, laboratory, limits, cache=cache)
    assert again is one


def test_other_options_programs_and_limits_are_other_content(program, parameters, laboratory, limits, cache):
    compile_program(program([X]), parameters, laboratory, limits, cache=cache)
    compile_program(program([X]), parameters, laboratory, limits, alap=True, cache=cache)
    compile_program(program([X, X]), parameters, laboratory, limits, cache=cache)
    compile_program(program([X]), parameters, laboratory, {**limits, "more": limits["awg1"]}, cache=cache)
    assert cache.misses == 4


def test_the_cache_keeps_to_its_bytes_and_forgets_the_oldest(program, parameters, laboratory, limits):
    cache = SequenceCache(max_bytes=5_000)
    programs = [program([X] * n) for n in range(1, 20)]
    for one in programs:
        compile_program(one, parameters, laboratory, limits, cache=cache)
    assert 0 < cache.n_bytes <= 5_000
    compile_program(programs[-1], parameters, laboratory, limits, cache=cache)
    compile_program(programs[0], parameters, laboratory, limits, cache=cache)
    assert (cache.hits, cache.misses) == (1, 20)


def test_a_moved_program_plays_the_same_waveforms(program, parameters, laboratory, limits, cache):
    """Pulses know their qubit, not the program: elsewhere in time and among other gates they are the same arrays."""
    early = compile_program(program([X]), parameters, laboratory, limits, cache=cache)
    wait = (Op.DELAY, (0,), (100e-9,))
    late = compile_program(program([wait, X]), parameters, laboratory, limits, cache=cache)
    one, other = (sequence.tracks["q0.drive"] for sequence in (early, late))
    assert one.waveforms[0] is other.waveforms[0]
    assert other.plays["start"][0] - one.plays["start"][0] == 100


def test_a_laboratory_without_a_digest_is_not_cached(program, parameters, laboratory, limits, cache, changed):
    nameless = changed(laboratory, "awg1", full_scale=0.4)
    for _ in range(2):
        compile_program(program([X]), parameters, nameless, limits, cache=cache)
    assert cache.hits == 0
