"""Ions that a tone shakes swing as a driven oscillator does, and scatter what is left of a modulated line."""

from dataclasses import replace

import numpy as np
import pytest
from ion_chain import COOLING, MODE, laboratory, stage, truth
from scipy.integrate import solve_ivp

from qctl.core.laboratory import Line
from qctl.core.port import Port
from qctl.physics.ions.chain import Chain
from qctl.physics.ions.crystal import TWO_PI, YTTERBIUM
from qctl.physics.ions.glow import shining
from qctl.physics.ions.tickle import ACROSS, CHARGE, WAVE_NUMBER, Shaking
from qctl.physics.ions.twin import Tickle
from qctl.physics.ions.world import IonWorld
from qctl.physics.stage import Carrier, Counting, Switching

RADIAL = 4.0e6
TRUTH = Tickle(radial_1=RADIAL, radial_2=4.4e6, tilt=0.6, field=90.0)
COOL = Carrier(200e6 - 9.8e6, 0.0, True)


def wired():
    plain = laboratory(1)
    tickle = Line(switch=Port("ttl", 6), carrier=Port("dds", 4))
    return replace(plain, lines={**plain.lines, "tickle": tickle, "ez": Line(supply=Port("dc", 3))})


def chain(**changed):
    return Chain(wired(), truth(1, tickle=TRUTH, **changed), {"dc.1": 0.5})


def photons(tone, edges, n_cycles=60, tickle=TRUTH):
    """Return photons in cooling light, shot by shot."""
    plain = stage([{Port("ttl", 6): Switching(np.array(edges))}], 1)
    carriers = {**plain.carriers, "dds.1": COOL, "dds.4": tone}
    counting = {"counter": Counting((Port("counter", 1),), np.array([COOLING]))}
    world = IonWorld(wired(), truth(1, tickle=tickle), 2)
    return world.run(replace(plain, carriers=carriers, acquisitions=counting), n_cycles)[Port("counter", 1)]


def tone(frequency, power=-40.0, on=True):
    return Carrier(frequency, power, on)


def test_less_light_comes_in_resonance_while_the_switch_is_open():
    still = photons(tone(RADIAL, on=False), COOLING)
    for off in (photons(tone(RADIAL), []), photons(tone(RADIAL), COOLING, tickle=None)):
        assert (off == still).all()  # not one photon differs
    assert photons(tone(RADIAL, -20.0), COOLING).mean() < 0.3 * still.mean()
    half = COOLING[0], COOLING[0] + 0.5e-3
    assert photons(tone(RADIAL, -20.0), half).mean() == pytest.approx(0.55 * still.mean(), rel=0.15)
    assert photons(tone(RADIAL + 200e3, -20.0), COOLING).mean() == pytest.approx(still.mean(), rel=0.06)


def test_ions_swing_as_newton_says_of_a_driven_oscillator():
    one, light, frequency = chain(), shining(truth(1).lights["cooling"], COOL), RADIAL + 2e3
    volts = np.sqrt(2 * 50 * 1e-3 * 10 ** (-40 / 10))
    shapes = light.shape(RADIAL) - light.shape(-RADIAL)
    damping = light.truth.rate * 0.5 * MODE / RADIAL * shapes
    push = CHARGE * TRUTH.field * volts * np.cos(TRUTH.tilt) / YTTERBIUM * 1e9  # nm / s^2
    swing = solve_ivp(
        lambda t, y: [-1j * TWO_PI * 2e3 * y[0] - damping / 2 * y[0] - 1j * push / (2 * TWO_PI * frequency)],
        (0, 12 / damping), [0j], rtol=1e-8,
    ).y[0, -1]  # its slow amplitude  # fmt: skip
    alone = replace(TRUTH, radial_2=40e6)
    found = Shaking(alone, tone(frequency), None).index(replace(one, twin=replace(one.twin, tickle=alone)), light)
    assert found == pytest.approx(WAVE_NUMBER * ACROSS * abs(swing) * 1e-9, rel=0.01)


@pytest.mark.parametrize("power", [-60.0, -40.0, -20.0])
def test_what_is_left_of_light_is_that_of_its_spectrum_as_a_moving_ion_sees_it(power):
    one, light = chain(), shining(truth(1).lights["cooling"], COOL)
    shaking = Shaking(TRUTH, tone(RADIAL + 4e3, power), None)
    index = shaking.index(one, light)
    phase = 2 * np.pi * np.arange(1024) / 1024
    weights = np.abs(np.fft.fft(np.exp(1j * index * np.sin(phase))) / 1024) ** 2
    orders = np.fft.fftfreq(1024, 1 / 1024)
    lines = np.array([light.shape(n * (RADIAL + 4e3)) for n in orders])
    assert shaking.left(one, light, 0.0) == pytest.approx(weights @ lines / light.shape(), rel=2e-3)


def test_squeezing_the_chain_along_its_axis_pulls_it_apart_across():
    trap = replace(truth(1).trap, spring=20e3, confinement="ez")
    one = replace(chain(trap=trap), biases={"dc.1": 0.5, "dc.3": 2.0})
    assert one.centre_of_mass == pytest.approx(MODE + 40e3)
    squares = [2 * f**2 + one.centre_of_mass**2 for f in one.radial]
    assert squares == pytest.approx([2 * f**2 + MODE**2 for f in (RADIAL, 4.4e6)])
