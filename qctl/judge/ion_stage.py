"""What would be uploaded to a chain of ions, as the simulated world would see it."""

from __future__ import annotations

import numpy as np

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.port import Port
from qctl.physics.ions.twin import IonTwin
from qctl.physics.stage import Carrier, Counting, Playing, Stage, Switching

from .stage import FULL_SCALE, Upload

FULL_POWER = 4.0  # dBm, of a synthesiser at full amplitude


def ion_stage(laboratory: Laboratory, twin: IonTwin, parameters: Parameters, upload: Upload) -> Stage:
    """Return the stage of an upload; times count from the start of the pulse generator's shot."""
    sequence = upload.sequence
    switches = {one.output: Switching((one.spans + sequence.lead).ravel()) for one in sequence.digital.values()}
    points: tuple[dict[Port, Playing | Switching], ...] = tuple(
        {**switches, **_played(laboratory, twin, upload, point)} for point in range(sequence.n_points)
    )
    carriers, biases = {}, {}
    for name, line in laboratory.lines.items():
        if line.carrier is not None and f"{name}.tone.frequency" in parameters:
            amplitude = parameters[f"{name}.tone.amplitude"]
            power = FULL_POWER + 20 * float(np.log10(amplitude)) if amplitude > 0 else -np.inf
            carriers[str(line.carrier)] = Carrier(parameters[f"{name}.tone.frequency"], power, amplitude > 0)
        if line.supply is not None and f"{name}.voltage" in parameters:
            biases[str(line.supply)] = parameters[f"{name}.voltage"]
    counting = {
        f"{name}": Counting((one.input,), one.windows + sequence.lead) for name, one in sequence.counting.items()
    }
    return Stage(points, carriers, biases, counting, sequence.period)


def _played(laboratory: Laboratory, twin: IonTwin, upload: Upload, point: int) -> dict[Port, Playing]:
    found = {}
    for track in upload.sequence.tracks.values():
        (port,) = track.outputs
        playlist = upload.playlists.get(port.instrument)
        index = -1 if playlist is None else int(playlist.steps[point, port.number - 1])
        if playlist is None or index < 0:
            continue
        entry = laboratory.instruments[port.instrument]
        if entry.full_scale is None:
            raise ConfigError("no full_scale", allowed="a voltage", where=port.instrument)
        volts = (playlist.waveforms[index].codes / FULL_SCALE * entry.full_scale).astype(np.float32)
        start = upload.sequence.lead + started(laboratory, twin, port.instrument)
        found[port] = Playing(volts, track.sample_rate, start)
    return found


def started(laboratory: Laboratory, twin: IonTwin, instrument: str) -> float:
    """Return when an instrument's sample 0 comes after the edge that starts it, s: with its true latency."""
    entry = laboratory.instruments[instrument]
    delays = [line.delay for line in laboratory.lines.values() if instrument in line.starts]
    return (delays[0] if delays else 0.0) + twin.latencies.get(instrument, entry.trigger_latency)
