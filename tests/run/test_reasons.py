"""What goes wrong inside the simulated world reaches whoever ran the program."""

import pytest

from qctl import Lab
from qctl.core.errors import InstrumentError


class Refusing:
    """A world that will not play."""

    def play(self, stage, n_cycles, hear):
        raise InstrumentError('q2 and q3 are "coupled"; while one of them is read out', remedy="wait")


def test_the_reason_of_the_simulated_world_is_in_the_error(served, bell):
    with (
        served("transmon5", Refusing()) as rack,
        Lab.open(rack.path) as lab,
        pytest.raises(InstrumentError, match="the simulated world: q2 and q3 are 'coupled', while one"),
    ):
        lab.run(bell, shots=10)
