"""What a driver states is the measure of its laboratory file: what contradicts it is refused at its place."""

import re
import sys

import pytest

from qctl.control.driver_modules import class_of
from qctl.core.errors import ConfigError
from qctl.run.check import check_laboratory

AWG = "sample_rate: 62.5 MHz, full_scale: 0.5 V, trigger_latency: 640 ns}\n  steer"
BEYOND = [
    ("ion8", AWG, AWG.replace("MHz", "GHz"), "sample_rate", "awg: sample_rate of 62.5 GHz; allowed: 298 Hz to 2.5 GHz"),
    ("ion8", AWG, AWG.replace("0.5 V", "0.5 mV"), "full_scale", "full_scale of 500 uV; allowed: 12.5 mV to 750 mV"),
    ("ion8", "dc:  {min: -5 V, max: 5 V", "dc:  {min: -5 V, max: 50 V", "max", "max of 50 V; allowed: -10 V to 10 V"),
    ("ion8", "dc:  {action: hold}", "dc:  {action: off}", "action", "safe by off; allowed: hold, ramp, value"),
    ("ion8", "dds: {action: off", "dds: {action: value, value: 0 dBm", "action", "safe by value; allowed: hold, off"),
    ("ion8", "tickle: {tone.frequency: 4.2 MHz", "tickle: {tone.frequency: 4.2 GHz", "tone.frequency", "0 Hz to 171."),
    ("ion8", "dds: {min: -70 dBm, max: 4", "dds: {min: -70 dBm, max: -9", "tone.amplitude", "cooling with -2.02 dBm"),
    ("transmon5", "sample_rate: 2 GHz, full_scale: 0.2 V", "sample_rate: 1.25 GHz, full_scale: 0.2 V", "sample_rate",
     "digitizer: sample_rate of 1.25 GHz; allowed: 500 MHz, 1 GHz, 2 GHz"),
    ("transmon5", "bias_q0: {min: -5 mA", "bias_q0: {min: -5 A", "min", "bias_q0: min of -5 A; allowed: -200 mA"),
    ("branch3", "sample_rate: 1 GHz", "sample_rate: 500 MHz", "sample_rate", "of 500 MHz; allowed: 1 GHz"),
]  # fmt: skip
DRIVERS = [
    ("os:system", "'os' is a part of Python.*name the driver"),
    ("qctl.instruments.tek_awg520:TekAwg5200", "there is no driver module.*tek_awg5200.*did you mean 'tek_awg5200'"),
    ("nowhere:Driver", "there is no driver module 'nowhere'.*install the package"),
    ("qctl.instruments.tek_awg5200.inner:Driver", "there is no driver module"),
    ("qctl.instruments.tek_awg5200:TekAwg520", "has no class 'TekAwg520'; allowed: TekAwg5200, .*did you mean"),
    ("qctl.core.port:Port", "qctl.core.port:Port is no instrument: it lacks open, configure, check"),
    ("qctl.instruments.infiniium:Infiniium", "awg is wired as awg, but .*Infiniium lacks load, start, stop"),
]


@pytest.fixture
def answered(configs, tmp_path):
    def answered(name, *changes):
        text = re.sub(r"(?m)^parameters:.*\n", "", (configs / f"{name}.yaml").read_text(encoding="utf-8"))
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
        return [str(mistake) for mistake in check_laboratory(tmp_path / "lab.yaml")]

    return answered


@pytest.mark.parametrize("name", ["ion8", "atoms16", "branch3"])
def test_the_laboratories_that_come_with_qctl_ask_for_nothing_beyond(configs, name):
    assert check_laboratory(configs / f"{name}.yaml") == ()


@pytest.mark.parametrize(("name", "old", "new", "key", "said"), BEYOND)
def test_a_setting_beyond_what_its_driver_states_is_refused_with_its_place(answered, name, old, new, key, said):
    found = answered(name, (old, new))
    assert said in found[0]
    assert all(re.match(r".*lab\.yaml:\d+:\d+: ", one) for one in found)
    assert f"change {key}" in found[0] or "choose one of these" in found[0]


@pytest.mark.parametrize(("driver", "said"), DRIVERS)
def test_a_wrong_driver_is_refused_at_its_line(answered, driver, said):
    (found,) = answered("ion8", ("qctl.instruments.tek_awg5200:TekAwg5200", driver))
    assert re.match(r".*lab\.yaml:12:17: awg", found)
    assert re.search(said, found)


def test_wrong_drivers_ports_and_rates_are_told_at_once(answered):
    old, new = "sample_rate: 62.5 MHz", "sample_rate: 62.5 GHz"
    rest = ("qctl.instruments.qc9520:Qc9520", "os:system"), ("counter7.1}", "counter7.3}"), ("dc.3}", "dc.30}")
    found = answered("ion8", (old, new), *rest)
    assert len(found) == 4
    for said in ("12:88: awg: sample_rate", "14:17: ttl: driver module 'os'", "no port counter7.3", "no port dc.30"):
        assert any(said in one for one in found), found


@pytest.mark.parametrize("text", ["import sys\nsys.hooked = 1\n", "def Driver():\n    pass\n"])
def test_a_module_whose_text_shows_no_such_class_is_not_imported(answered, tmp_path, monkeypatch, text):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lookalike.py").write_text(text, encoding="utf-8")
    (found,) = answered("ion8", ("qctl.instruments.tek_awg5200:TekAwg5200", "lookalike:Driver"))
    assert "'lookalike' has no class 'Driver'" in found
    assert "lookalike" not in sys.modules


@pytest.mark.parametrize(
    "text", ["class Driver: pass\nraise SystemExit(3)\n", "from .away import Driver\n", "class Driver(:\n"]
)
def test_a_module_that_fails_when_it_is_imported_is_refused_at_its_line(answered, tmp_path, monkeypatch, text):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "failing.py").write_text(text, encoding="utf-8")
    (found,) = answered("ion8", ("qctl.instruments.tek_awg5200:TekAwg5200", "failing:Driver"))
    assert re.search(r"lab\.yaml:12:17: .*'failing' cannot be imported", found)


@pytest.mark.parametrize("text", [b'x = "\xff"\nclass Y: pass\n', b"# coding: nonsense\nclass Y: pass\n"])
def test_a_module_whose_text_cannot_be_decoded_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "encoded_driver.py").write_bytes(text)
    with pytest.raises(ConfigError, match=r"lab.yaml:3.*encoded_driver.*no Python"):
        class_of("encoded_driver", "Y", "lab.yaml:3")


def test_an_awg_that_does_not_say_what_it_can_do_is_refused(answered, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    text = "from qctl.instruments.tek_awg5200 import TekAwg5200\nclass Silent(TekAwg5200):\n    limits = {}\n"
    (tmp_path / "silent_awg.py").write_text(text, encoding="utf-8")
    (found,) = answered("ion8", ("qctl.instruments.tek_awg5200:TekAwg5200", "silent_awg:Silent"))
    assert re.search(r"lab\.yaml:12:17: .*does not say what it can do.*limits = AwgLimits", found)
    sys.modules.pop("silent_awg")


def test_a_shot_of_first_guesses_is_held_against_what_instruments_can_do(answered):
    (found,) = answered("ion8", ("tone.amplitude: 0.5, duration: 300 us", "tone.amplitude: 0.5, duration: 500 ns"))
    assert re.search(r"lab\.yaml:\d+:\d+: seen0: a window of 5e-07 s; allowed: 1e-06 s or more; change", found)
