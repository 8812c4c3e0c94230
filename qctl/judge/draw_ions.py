"""Draw a hidden truth of a chain of ions around the first guesses of its laboratory file.

Ranges: heating, coherence and detection of 171Yb+ (Debnath et al., Nature 563, 63; Olmschenk et al., Phys. Rev. A 76,
052314), and what a laboratory that was wired with care does not know of itself.
"""

from __future__ import annotations

import numpy as np

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.units import kHz
from qctl.physics.ions.twin import (
    Beam,
    Crosstalk,
    Electrode,
    Focus,
    Glow,
    Ion,
    IonDrift,
    IonTwin,
    Light,
    Tickle,
    Trap,
    Wandering,
)
from qctl.platforms import platform_of
from qctl.platforms.wiring import sample_rate

from .chance import Chance, rounded

FREQUENCY = 4 * kHz
RABI = 0.15  # relative, around what the guessed pi pulse implies
LIGHT_SHIFT, SHIFT_SPREAD = 4e-8, 0.03  # 1 / Hz: of a qubit, over the square of its Rabi frequency; of beams
SATURATION = (1.5, 3.0)  # V
BANDWIDTH = (20e6, 30e6)
OFF_CENTRE = 0.6e6
DELAY = 4e-9
T2 = (0.15, 0.6)
DETUNING_NOISE = (1.0, 4.0)
BRIGHT, DARK = (60e3, 100e3), (0.5e3, 2e3)
LEAK_BRIGHT, LEAK_DARK = (20.0, 60.0), (2.0, 10.0)
MODE = 6 * kHz
LAMB_DICKE = (0.135, 0.16)
HEATING, HEATING_OTHERS = (15.0, 80.0), (0.3, 2.0)
MODE_NOISE, INTENSITY_NOISE = (10.0, 40.0), (3e-4, 1e-3)
NEAR, FAR = (0.004, 0.015), (0.0005, 0.002)  # crosstalk to the next ion and to the one behind it
RED = (8e6, 12e6)  # by which the guessed cooling light is red of resonance
PUMPING, PUMPING_ERROR = (0.4e5, 0.6e5), (1e-4, 6e-4)
STRAY, MODULATION = 0.25, (0.4, 0.8)  # V; index of micromotion per V
LATENCY = 1e-9
WIDTH, OFF_PLACE = 200e3, 0.1  # Hz of the deflector; share of it by which a guess points beside its ion
RADIAL = 40 * kHz
TILT, FIELD = (0.5, 1.1), (60.0, 130.0)  # rad; 1/m, of an electrode about a centimetre away
FLOOR, COLLECTION = (1e-6, 8e-6), (0.008, 0.015)  # Motlakunta et al., Nat. Commun. 15, 6575


def draw_ions(laboratory: Laboratory, seed: int, *, drifting: bool = False) -> IonTwin:
    """Return a random truth of a chain, always one that can be calibrated from the guesses.

    Raises
    ------
    ConfigError
        When the file lacks a guess without which nobody could begin.
    """
    known = platform_of(laboratory).defaults(laboratory)
    wanted = [f"{q}.{part}" for q in laboratory.qubits for part in ("frequency", "x180.amplitude")] + ["trap.mode_1"]
    if missing := [name for name in wanted if name not in known]:
        raise ConfigError(
            f"no first guess of {', '.join(missing)}", allowed="a value in first_guess", where=laboratory.name
        )
    chances = {name: Chance.of(seed, name) for name in (*laboratory.qubits, *laboratory.lines)}
    shift = Chance.of(seed, "light shift").about(0.0, LIGHT_SHIFT)
    return IonTwin(
        ions={name: _ion(chances[name], known[f"{name}.frequency"]) for name in laboratory.qubits},
        beams={
            q.drive: _beam(laboratory, known, name, chances[q.drive], shift) for name, q in laboratory.qubits.items()
        },
        lights=_lights(laboratory, known, chances),
        trap=_trap(laboratory, known, Chance.of(seed, "motion")),
        electrodes={
            line: Electrode(
                compensation=chances[line].about(0.0, STRAY), modulation=chances[line].within(MODULATION), seen_by=light
            )
            for line, light in (("ex", "beams"), ("ey", "cooling"))
            if line in laboratory.lines
        },
        crosstalk=_crosstalk(laboratory, seed),
        focus=_focus(laboratory, known, seed),
        tickle=_tickle(known, Chance.of(seed, "tickle")) if "tickle" in laboratory.lines else None,
        latencies=_latencies(laboratory, seed),
        drift=_drift(laboratory, seed) if drifting else None,
    )


def _ion(chance: Chance, frequency: float) -> Ion:
    return Ion(
        frequency=chance.about(frequency, FREQUENCY),
        t2=chance.decades(T2),
        detuning_noise=chance.within(DETUNING_NOISE),
        bright=chance.within(BRIGHT),
        dark=chance.decades(DARK),
    )


def _beam(laboratory: Laboratory, known: Parameters, qubit: str, chance: Chance, shift: float) -> Beam:
    """Return a beam whose guessed pi pulse, a raised cosine, is off by `RABI` at most."""
    line = laboratory.lines[laboratory.qubits[qubit].drive]
    port = line.outputs[0]
    scale = laboratory.instruments[port.instrument].full_scale or 1.0
    volts = (
        known[f"{qubit}.x180.amplitude"]
        * scale
        * float(np.sinc(known[f"{qubit}.frequency"] / sample_rate(laboratory, port)))
    )
    guessed = 1 / (volts * known[f"{qubit}.x180.duration"])
    return Beam(
        rabi_frequency=rounded(guessed * chance.about(1.0, RABI)),
        light_shift=rounded(shift * chance.about(1.0, SHIFT_SPREAD) * guessed**2),
        saturation=chance.within(SATURATION),
        bandwidth=chance.within(BANDWIDTH),
        centre=chance.about(known[f"{qubit}.frequency"], OFF_CENTRE),
        delay=rounded(line.delay + chance.about(0.0, DELAY)),
    )


def _lights(laboratory: Laboratory, known: Parameters, chances: dict[str, Chance]) -> dict[str, Light]:
    found = {}
    for kind in Glow:
        line = str(kind)
        if line not in laboratory.lines:
            continue
        chance, tone = chances[line], known[f"{line}.tone.frequency"]
        power = rounded(4.0 + 20 * float(np.log10(known[f"{line}.tone.amplitude"])))
        if kind is Glow.COOLING:
            found[line] = Light(
                kind=kind, resonance=rounded(tone + chance.within(RED)), saturation=0.8, power=power, rate=4e5
            )
        elif kind is Glow.PUMPING:
            found[line] = Light(
                kind=kind, resonance=chance.about(tone, 1e6), power=power, rate=chance.within(PUMPING),
                error=chance.decades(PUMPING_ERROR),
            )  # fmt: skip
        else:
            found[line] = Light(
                kind=kind, resonance=chance.about(tone, 2e6), power=power, leak_bright=chance.within(LEAK_BRIGHT),
                leak_dark=chance.within(LEAK_DARK),
            )  # fmt: skip
    return found


def _trap(laboratory: Laboratory, known: Parameters, chance: Chance) -> Trap:
    return Trap(
        frequency=chance.about(known["trap.mode_1"], MODE),
        lamb_dicke=chance.within(LAMB_DICKE),
        heating=chance.decades(HEATING),
        heating_others=chance.decades(HEATING_OTHERS),
        mode_noise=chance.within(MODE_NOISE),
        intensity_noise=chance.within(INTENSITY_NOISE),
        radio_frequency=20e6,
        spring=2e4,
        drive="trap" if "trap" in laboratory.lines else None,
        confinement="ez" if "ez" in laboratory.lines else None,
    )


def _tickle(known: Parameters, chance: Chance) -> Tickle | None:
    """Return what a tickle does to a trap whose frequencies across the axis somebody guessed."""
    guesses = [known.estimates.get(f"trap.radial_{number}") for number in (1, 2)]
    first, second = (None if one is None else chance.about(one.value, RADIAL) for one in guesses)
    if first is None or second is None:
        return None
    return Tickle(radial_1=first, radial_2=second, tilt=chance.within(TILT), field=chance.within(FIELD))


def _crosstalk(laboratory: Laboratory, seed: int) -> tuple[Crosstalk, ...]:
    names, found = laboratory.qubit_names, []
    for place, name in enumerate(names):
        beam = laboratory.qubits[name].drive
        chance = Chance.of(seed, f"crosstalk {beam}")
        for step, limits in ((-2, FAR), (-1, NEAR), (1, NEAR), (2, FAR)):
            size, phase = chance.decades(limits), chance.about(0.0, np.pi)
            if 0 <= place + step < len(names):
                found.append(Crosstalk(beam=beam, ion=names[place + step], magnitude=size, phase=phase))
    return tuple(found)


def _focus(laboratory: Laboratory, known: Parameters, seed: int) -> Focus | None:
    """Return light on single ions that somebody pointed with care."""
    port = laboratory.lines["focus"].output if "focus" in laboratory.lines else None
    if port is None:
        return None
    chance, scale = Chance.of(seed, "focus"), laboratory.instruments[port.instrument].full_scale or 1.0
    return Focus(
        places={
            name: chance.about(known[f"{name}.focus.frequency"], OFF_PLACE * WIDTH) for name in laboratory.qubit_names
        },
        width=WIDTH,
        floor=chance.decades(FLOOR),
        full=rounded(known[f"{laboratory.qubit_names[0]}.focus.amplitude"] * scale),
        collection=chance.within(COLLECTION),
    )


def _latencies(laboratory: Laboratory, seed: int) -> dict[str, float]:
    started = [name for line in laboratory.lines.values() for name in line.starts]
    entries = {name: laboratory.instruments[name] for name in dict.fromkeys(started)}
    return {
        name: rounded(entry.trigger_latency + Chance.of(seed, name).about(0.0, LATENCY))
        for name, entry in entries.items()
        if entry.trigger_latency
    }


def _drift(laboratory: Laboratory, seed: int) -> IonDrift:
    chance = Chance.of(seed, "drift")
    return IonDrift(
        frequencies={"all": Wandering(sigma=chance.within((2.0, 10.0)), tau=chance.decades((300.0, 3e3)))},
        beams={
            q.drive: Wandering(sigma=chance.within((0.002, 0.008)), tau=chance.decades((1e3, 1e4)))
            for q in laboratory.qubits.values()
        },
        mode=Wandering(sigma=chance.within((50.0, 250.0)), tau=chance.decades((1e3, 1e4))),
        fields={"ex": Wandering(sigma=0.02, tau=chance.decades((1e4, 1e5)))} if "ex" in laboratory.lines else {},
        lights={q: Wandering(sigma=0.03, tau=chance.decades((1e3, 1e4))) for q in laboratory.qubits},
    )
