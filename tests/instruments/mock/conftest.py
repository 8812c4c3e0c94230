"""Raw links to simulated instruments, and a small laboratory whose digitizers hear what its AWGs play."""

import socket
from dataclasses import replace

import numpy as np
import pytest

from qctl.core.laboratory import InstrumentEntry, Laboratory, Line
from qctl.core.sequence import Port
from qctl.instruments.mock.rack import serve


def entry(module, kind, latency=0.0):
    return InstrumentEntry(driver=f"qctl.instruments.{module}:{kind}", address="mock", trigger_latency=latency)


@pytest.fixture(scope="session")
def laboratory():
    """Two AWGs (the second and two scopes start with marker 1 of the first), a source and a bias."""
    return Laboratory(
        name="small",
        platform="superconducting",
        reference=10e6,
        period=20e-6,
        instruments={
            "awg1": entry("tek_awg5200", "TekAwg5200"),
            "awg2": entry("tek_awg5200", "TekAwg5200", 480e-9),
            "scope1": entry("infiniium", "Infiniium", 20e-9),
            "scope2": entry("infiniium", "Infiniium", 20e-9),
            "source": entry("sgs100a", "Sgs100a"),
            "bias": entry("gs200", "Gs200"),
        },
        lines={
            "trigger": Line(output=Port("awg1", 1, marker=True), starts=("awg2", "scope1", "scope2"), delay=8e-9),
            "drive": Line(i=Port("awg1", 1), q=Port("awg2", 1), mixed_with="source"),
            "flux": Line(output=Port("awg2", 2), bias="bias"),
        },
        qubits={},
        couplings={},
        safe={},
        limits={},
    )


class Loopback:
    """Input 1 hears output 1 of awg1, input 2 output 1 of awg2; remembers every stage."""

    def __init__(self):
        self.stages = []

    def play(self, stage, n_cycles, hear):
        self.stages.append((stage, n_cycles))
        heard = {}
        for acquisition in stage.acquisitions.values():
            times = acquisition.start + np.arange(acquisition.n_samples) / acquisition.sample_rate
            for port in acquisition.inputs:
                volts = np.zeros((n_cycles, len(stage.points), acquisition.n_samples), np.float32)
                for number, point in enumerate(stage.points):
                    playing = point.get(Port(f"awg{port.number}", 1))
                    if playing is not None:
                        sample = np.floor((times - playing.start) * playing.sample_rate + 1e-6).astype(int)
                        inside = (sample >= 0) & (sample < len(playing.volts))
                        volts[:, number, inside] = playing.volts[sample[inside]]
                heard[port] = volts
        for port, volts in heard.items():
            for number in range(len(stage.points)):
                hear(port, number, volts[:, number].copy())


class Client:
    """The barest client: bytes out, lines in."""

    def __init__(self, address):
        _, host, port, _ = address.split("::")
        self.link = socket.create_connection((host, int(port)), timeout=10)
        self.lines = self.link.makefile("rb")

    def send(self, *commands):
        for command in commands:
            self.link.sendall(command if isinstance(command, bytes) else f"{command}\n".encode())

    def ask(self, query):
        self.send(query)
        return self.lines.readline().decode("latin-1").rstrip("\n")

    def ask_codes(self, query, n_codes):
        self.send(query)
        assert self.lines.read(2) == b"#0"
        codes = np.frombuffer(self.lines.read(2 * n_codes), "<i2")
        assert self.lines.read(1) == b"\n"
        return codes

    def errors(self):
        found = []
        while (entry := self.ask("SYST:ERR:CODE?")) not in ("0", ""):
            found.append(int(entry))
        return found

    def close(self):
        self.lines.close()
        self.link.close()


@pytest.fixture
def clients():
    """Return a function that opens raw clients; all are closed at the end."""
    opened = []

    def connect(address):
        opened.append(Client(address))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def start(laboratory, clients):
    """Return a function that serves the laboratory: (running rack, its world, a client for each instrument)."""
    running = []

    def begin(faults=None, **changes):
        world = Loopback()
        rack = serve(replace(laboratory, **changes), world, faults=faults, seed=5)
        running.append(rack)
        return rack, world, {name: clients(served.address) for name, served in rack.instruments.items()}

    yield begin
    for rack in running:
        rack.close()
