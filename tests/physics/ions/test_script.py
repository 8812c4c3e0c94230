"""What happens during a shot is read from the light once, however many points share it."""

from ion_chain import GATES, Tone, cold_tones, laboratory, playing, stage, truth

from qctl.physics.ions import script
from qctl.physics.ions.crystal import TWO_PI
from qctl.physics.ions.world import IonWorld
from qctl.physics.memory import Memory

PULSES = 12


def test_points_that_share_the_light_that_cools_remember_it_once_between_them(monkeypatch):
    looked_at = []

    def light_of(played, *rest):
        looked_at.append(played.digest)
        return plain(played, *rest)

    plain = script.light_of
    monkeypatch.setattr(script, "light_of", light_of)
    one = IonWorld(laboratory(1), truth(1), 1)
    chain = one.weather.at(0.0, {"dc.1": 0.5})
    cold = cold_tones(1, chain.mode_frequencies / TWO_PI)
    points = [playing([*cold, Tone(0, GATES, (20 + k) * 1e-6, 0.1)], 1) for k in range(PULSES)]
    alone = script.Scriptwriter(Memory())
    alone.script(chain, stage(points, 1), points[0], frozenset(), frozenset())
    looked_at.clear()

    # Room for what the pulses need beside the light that cools, not for that light once a point.
    writer = script.Scriptwriter(Memory(3 * alone.memory.held))
    for _ in range(2):
        for point in points:
            writer.script(chain, stage(points, 1), point, frozenset(), frozenset())
    assert len(looked_at) == len(set(looked_at)) == PULSES + 1
