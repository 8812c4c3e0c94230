"""Drivers declare, mocks enforce: no driver may promise what its instrument does not do."""

from qctl.instruments.infiniium import FIRST_SPECIAL_CODE, Infiniium
from qctl.instruments.mock import infiniium as scope
from qctl.instruments.mock import tek_awg5200 as awg
from qctl.instruments.mock import waveform_list as lists
from qctl.instruments.tek_awg5200 import TekAwg5200


def test_the_awg_driver_promises_no_more_than_the_instrument_does():
    declared = TekAwg5200.limits
    assert declared.n_channels <= awg.N_CHANNELS
    assert declared.markers_per_channel <= 16 - declared.bits
    assert declared.max_rate <= awg.MAX_RATE
    assert declared.min_samples >= lists.MIN_SAMPLES
    assert declared.granularity % lists.GRANULARITY == 0
    assert declared.memory <= lists.MEMORY
    assert declared.max_steps <= lists.MAX_STEPS


def test_the_scope_driver_promises_no_more_than_the_instrument_does():
    declared = Infiniium.limits
    assert declared.n_channels <= scope.N_CHANNELS
    assert declared.bits <= scope.BITS
    assert set(declared.rates) <= set(scope.RATES)
    assert declared.max_segments <= scope.MAX_SEGMENTS
    assert declared.memory <= scope.MEMORY
    assert declared.rearm >= scope.REARM
    assert declared.min_samples >= scope.MIN_SAMPLES


def test_codes_of_the_range_are_no_special_codes():
    assert (512 - 1) * scope.CODE_STEP < FIRST_SPECIAL_CODE <= min(scope.CLIPPED_LOW, scope.CLIPPED_HIGH)
