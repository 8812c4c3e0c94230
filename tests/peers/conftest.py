"""A small laboratory whose digitizer hears what the AWGs play, for drivers that we did not write."""

import numpy as np
import pytest

from qctl.core.laboratory import InstrumentEntry, Laboratory, Line
from qctl.core.sequence import Port
from qctl.instruments.mock.rack import serve


def entry(module, kind, **settings):
    return InstrumentEntry(driver=f"qctl.instruments.{module}:{kind}", address="mock", **settings)


LABORATORY = Laboratory(
    name="peers",
    platform="superconducting",
    reference=10e6,
    period=20e-6,
    instruments={
        "awg": entry("tek_awg5200", "TekAwg5200"),
        "scope": entry("infiniium", "Infiniium"),
        "source": entry("sgs100a", "Sgs100a"),
    },
    lines={
        "trigger": Line(output=Port("awg", 1, marker=True), starts=("scope",)),
        "feedline": Line(
            i=Port("awg", 1), q=Port("awg", 2), mixed_with="source", back=(Port("scope", 1), Port("scope", 2))
        ),
    },
    qubits={},
    couplings={},
    safe={},
    limits={},
)


class Loopback:
    """Input k of the scope hears output k of the AWG."""

    def play(self, stage, n_cycles, hear):
        heard = {}
        for acquisition in stage.acquisitions.values():
            times = acquisition.start + np.arange(acquisition.n_samples) / acquisition.sample_rate
            for port in acquisition.inputs:
                volts = np.zeros((n_cycles, len(stage.points), acquisition.n_samples), np.float32)
                for number, point in enumerate(stage.points):
                    playing = point.get(Port("awg", port.number))
                    if playing is not None:
                        sample = np.floor((times - playing.start) * playing.sample_rate + 1e-6).astype(int)
                        inside = (sample >= 0) & (sample < len(playing.volts))
                        volts[:, number, inside] = playing.volts[sample[inside]]
                heard[port] = volts
        for port, volts in heard.items():
            for number in range(len(stage.points)):
                hear(port, number, volts[:, number].copy())


@pytest.fixture(scope="module")
def rack():
    """Yield a rack that serves the laboratory above."""
    with serve(LABORATORY, Loopback()) as running:
        yield running


@pytest.fixture(params=["address", "hislip"], ids=["socket", "hislip"])
def address(rack, request):
    """Return a function from the name of an instrument to its VISA address, over each of the two links."""
    return lambda name: getattr(rack.instruments[name], request.param)
