"""What is uploaded equals, to one code, what a plain reading of the program says."""

import cmath
import itertools
import math

import numpy as np
import pytest

from qctl.compile import compile_program, flatten, render_line
from qctl.compile.cache import SequenceCache
from qctl.core.program import Op

FULL = 32767


class Interpreter:
    """Play a native program gate by gate, sample by sample, from the text of the conventions: slow and plain."""

    def __init__(self, known, laboratory):
        self.known, self.lab = known, laboratory
        self.names = list(laboratory.qubits)
        self.peaks = {}

    def arrival(self, line):
        wiring = self.lab.lines[line]
        late = wiring.delay
        if wiring.outputs[0].instrument == "awg2":
            late += self.lab.lines["trigger"].delay + self.lab.instruments["awg2"].trigger_latency
        return late

    def run(self, rows):
        """Return [(line, start in ns, kind, phase)] and the length of the shot in ns, as soon as possible."""
        free, frame, plays = [0.0] * 3, [0.0] * 3, []
        k = 0
        while k < len(rows):
            op, (a, b), bit, angle = rows[k]
            k += 1
            if op == Op.BARRIER:
                together = {a}
                while k < len(rows) and rows[k][0] == Op.BARRIER and rows[k][2] == bit:
                    together.add(rows[k][1][0])
                    k += 1
                latest = max(free[other] for other in together)
                for qubit in together:
                    free[qubit] = latest
            elif op == Op.RZ:
                frame[a] -= angle[0]
            elif op == Op.DELAY:
                free[a] += angle[0] * 1e9
            elif op == Op.R:
                kind = "x180" if abs(angle[0]) > 2 else "x90"
                phase = angle[1] + frame[a] + (math.pi if angle[0] < 0 else 0.0)
                plays.append((f"{self.names[a]}.drive", free[a], (kind, self.names[a]), phase))
                free[a] += self.known[f"{self.names[a]}.{kind}.duration"] * 1e9
            elif op == Op.MEASURE:
                name = self.names[a]
                plays.append(("feedline", free[a], ("readout", name), 0.0))
                free[a] += (self.known[f"{name}.readout.duration"] + self.known[f"{name}.readout.depletion"]) * 1e9
            elif op == Op.CZ:
                low, high = sorted((a, b), key=lambda q: self.known[f"{self.names[q]}.frequency"])
                gate = f"q{min(a, b)}-q{max(a, b)}"
                start = max(free[a], free[b])
                plays.append((f"{self.names[high]}.flux", start, ("flux", gate), 0.0))
                plays.append((f"{gate}.flux", start, ("coupler", gate), 0.0))
                free[a] = free[b] = start + self.known[f"{gate}.cz.duration"] * 1e9
                frame[low] -= self.known[f"{gate}.cz.phase_low"]
                frame[high] -= self.known[f"{gate}.cz.phase_high"]
        return plays, max(free)

    def value(self, kind, target, t):
        """Return a pulse's complex envelope t ns after the start of its operation."""
        known = self.known
        if kind in ("x90", "x180"):
            length = known[f"{target}.{kind}.duration"] * 1e9
            if not 0 <= t < length:
                return 0
            turn = 2 * math.pi * t / length
            slope = known[f"{target}.{kind}.drag"] / (2 * math.pi * known[f"{target}.anharmonicity"]) * 1e9
            if (target, kind) not in self.peaks:
                turns = [2 * math.pi * (k + 0.5) / length for k in range(round(length))]
                self.peaks[target, kind] = max(abs(self.drag(one, length, slope)) for one in turns)
            return known[f"{target}.{kind}.amplitude"] * self.drag(turn, length, slope) / self.peaks[target, kind]
        if kind == "readout":
            return known[f"{target}.readout.amplitude"] * self.flat(t, known[f"{target}.readout.duration"] * 1e9, 10)
        length, edge, margin, inner = (
            known[f"{target}.cz.{part}"] * 1e9 for part in ("duration", "edge", "margin", "coupler_edge")
        )
        if kind == "flux":
            return known[f"{target}.cz.flux_amplitude"] * self.flat(t, length, edge)
        inside = length - 2 * edge - 2 * margin
        return known[f"{target}.cz.coupler_amplitude"] * self.flat(t - edge - margin, inside, inner)

    @staticmethod
    def drag(turn, length, slope):
        return (1 - math.cos(turn)) / 2 + 1j * slope * math.pi / length * math.sin(turn)

    @staticmethod
    def flat(t, length, edge):
        if not 0 <= t < length:
            return 0.0
        return math.sin(math.pi / 2 * min(1.0, t / edge, (length - t) / edge)) ** 2

    def codes(self, line, plays, late, shift, n_samples):
        wiring = self.lab.lines[line]
        rate = self.lab.instruments[wiring.outputs[0].instrument].sample_rate / 1e9
        delay = round((late - self.arrival(line)) * 1e9 * rate)
        z = [0j] * n_samples
        for where, start, (kind, target), phase in plays:
            if where != line:
                continue
            carrier = 0.0
            if wiring.mixed_with:
                name = f"{target}.readout.frequency" if kind == "readout" else f"{target}.frequency"
                carrier = (self.known[name] - self.lab.instruments[wiring.mixed_with].frequency) / 1e9
            first = round((start + shift) * rate) + delay
            for j in range(first, min(n_samples, first + round(300 * rate))):  # no pulse lasts longer
                t = (j - delay) / rate
                turn = cmath.exp(1j * (2 * math.pi * carrier * t + phase))
                z[j] += self.value(kind, target, t + 0.5 / rate - start - shift) * turn
        if len(wiring.outputs) == 1:
            return [[x.real * FULL for x in z]]
        gain, skew = self.known[f"{line}.mixer.gain"], self.known[f"{line}.mixer.phase"]
        offsets = self.known[f"{line}.mixer.offset_i"], self.known[f"{line}.mixer.offset_q"]
        i = [x.real + offsets[0] for x in z]
        q = [(x.imag / gain - x.real * math.sin(skew)) / math.cos(skew) + offsets[1] for x in z]
        return [[FULL * x for x in i], [FULL * x for x in q]]


@pytest.fixture(scope="module")
def odd(parameters):
    """Parameters in which nothing is left at its default."""
    rng = np.random.default_rng(11)
    new = {}
    for name, estimate in parameters.estimates.items():
        last = name.rpartition(".")[2]
        if last in ("phase_low", "phase_high"):
            new[name] = float(rng.uniform(-3, 3))
        elif last == "phase":
            new[name] = float(rng.uniform(-0.1, 0.1))
        elif last == "gain":
            new[name] = float(rng.uniform(0.9, 1.1))
        elif last in ("offset_i", "offset_q"):
            new[name] = float(rng.uniform(-0.02, 0.02))
        elif last in ("amplitude", "drag", "flux_amplitude", "coupler_amplitude"):
            new[name] = estimate.value * float(rng.uniform(0.8, 1.2))
    new["q1.x90.duration"] = 20e-9
    return parameters.replaced(new)


@pytest.mark.parametrize("seed", range(6))
def test_samples_equal_those_of_a_plain_interpreter(seed, random_native, odd, laboratory, limits):
    program = random_native(seed, n_points=2, n_gates=14)
    sequence = compile_program(program, odd, laboratory, limits, cache=SequenceCache(0))
    playlists = flatten(sequence, laboratory, limits)
    interpreter = Interpreter(odd, laboratory)
    edges = program.starts.tolist()
    played = [interpreter.run(program.events[a:b].tolist()) for a, b in itertools.pairwise(edges)]
    late = max(interpreter.arrival(line) for line in sequence.tracks)
    longest = max(length for _, length in played)
    for point, (plays, length) in enumerate(played):
        for line, track in sequence.tracks.items():
            for k, port in enumerate(track.outputs):
                playlist = playlists.get(port.instrument)
                step = -1 if playlist is None else playlist.steps[point, port.number - 1]
                found = np.zeros(2400) if step < 0 else playlist.waveforms[step].codes
                want = interpreter.codes(line, plays, late, longest - length, len(found))[k]
                worst = float(np.max(np.abs(found - np.array(want))))
                assert worst <= 1.0, f"{line} output {k} at point {point}: {worst} codes"


def test_halving_an_amplitude_halves_the_samples(program, parameters, laboratory, limits):
    x = program([(Op.R, (0,), (np.pi, 0.0))])
    halved = parameters.replaced({"q0.x180.amplitude": parameters["q0.x180.amplitude"] / 2})
    full, half = (
        render_line(compile_program(x, p, laboratory, limits).tracks["q0.drive"], 0, 64).astype(float)
        for p in (parameters, halved)
    )
    assert np.abs(full).max() > 5000
    np.testing.assert_allclose(half, full / 2, atol=0.51)
