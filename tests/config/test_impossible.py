"""Laboratories that no shot of theirs fits into, or that lack what every shot uses, are refused at the place."""

import re

import pytest

from qctl.run.check import check_laboratory

WRONG = [
    ("ion8", "period: 10 ms", "period: 10 us", r"period of 10 us is too short.*at least 2\.\d+ ms.*a longer period"),
    ("ion8", "slot: 20 ms", "slot: 1 us", r"slot of 1 us is too short.*at least \d+\.\d+ ms.*host has 4 ms to decide"),
    ("ion8", "slot: 20 ms", "slot: 20.00003 ms", "slot .* is no multiple of reference"),
    ("ion8", "  focus_pumping: {switch: ttl.5, delay: 400 ns} ", "# ", "nothing measures single qubits.*focus_pumping"),
    ("ion8", "platform: trapped_ion", "platform: photonic", "'photonic' is no platform.*trapped_ion, neutral_atom"),
    ("ion8", "platform: trapped_ion", "platform: traped_ion", "did you mean 'trapped_ion'"),
    ("ion8", "trap:      {carrier: rf.1}", "trp:       {carrier: rf.1}", "no line 'trap' with a carrier"),
    ("atoms16", "period: 200 ms", "period: 2 ms", r"period of 2 ms is too short.*at least 1\d\d\.\d+ ms"),
    ("atoms16", "slot: 20 ms", "slot: 5 ms", "slot of 5 ms is too short"),
    ("atoms16", "  probe: ", "  prbe: ", "no line 'probe' with a switch on platform neutral_atom"),
    ("atoms16", "  dark: ", "  drk: ", "no line 'dark' with an output on platform neutral_atom"),
    ("atoms16", "  dark: ", "  drk: ", "line drk serves no qubit"),
    ("atoms16", "tweezers_y: {output", "tweezer_y: {output", "no line 'tweezers_y' with an output"),
    ("atoms16", "    zone.row_2: 12\n", "", "no first guess of array.zone.row_2"),
    ("atoms16", "    pointer_x.map_3: 0 Hz\n", "", "no first guess of array.pointer_x.map_3.*a quantity in Hz"),
    ("atoms16", "site.row: 40, site.column: 20", "site.column: 20", "no first guess of q0.site.row.*a number"),
    ("ion8", "  ex: {voltage: 0 V}", "  ex: {supply: dc.99}", "has no quantity 'supply'.*write it under lines"),
    ("transmon5", "period: ", "slot: 1 ms\nperiod: ", "slot on platform superconducting; allowed: no slot"),
]


@pytest.fixture(scope="module")
def text(configs):
    return lambda name: re.sub(r"(?m)^parameters:.*\n", "", (configs / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "old", "new", "said"), WRONG)
def test_what_cannot_be_is_refused_with_its_place_and_what_to_do(text, mistakes_in, name, old, new, said):
    assert old in text(name)
    found = [str(one) for one in mistakes_in(text(name).replace(old, new, 1))]
    assert any(re.search(said, one) for one in found), found
    assert all(re.match(r".*lab\.yaml:\d+:\d+: ", one) for one in found)
    assert len(found) <= 4
    assert max(map(len, found)) < 400


@pytest.mark.parametrize("name", ["ion8", "atoms16"])
def test_the_shortest_period_that_a_refusal_names_is_allowed(text, mistakes_in, name):
    whole = text(name)
    short = re.sub(r"(?m)^period: .*?ms", "period: 1 ms", whole)
    (said,) = map(str, mistakes_in(short))
    least = re.search(r"at least (\S+ ms)", said)[1]
    rounded = f"{float(least.split()[0]) + 0.001:.2f} ms"
    assert not mistakes_in(re.sub(r"(?m)^period: .*?ms", f"period: {rounded}", whole))


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("ion8", "{supply: dc.1}", "{supply: dc.99}", "line ex: there is no port dc.99; allowed: dc.1 to dc.24"),
        ("ion8", "{carrier: rf.1}", "{carrier: rf.5}", "line trap: there is no port rf.5; allowed: rf.1 to rf.4"),
        ("ion8", "{output: awg.3,", "{output: awg.33,", "line beam2: there is no port awg.33; allowed: awg.1 to awg.8"),
        ("ion8", "switch: ttl.5,", "switch: ttl.9,", "there is no port ttl.9; allowed: ttl.1 to ttl.8"),
        ("atoms16", "seen_by: camera.1", "seen_by: camera.2", "there is no port camera.2; allowed: camera.1"),
        (
            "transmon5",
            "digitizer.2]",
            "digitizer.7]",
            "no port digitizer.7; allowed: digitizer.1 to digitizer.4",
        ),
    ],
)
def test_a_port_that_an_instrument_lacks_is_named_with_those_that_it_has(text, tmp_path, name, old, new, said):
    assert old in text(name)
    path = tmp_path / "lab.yaml"
    path.write_text(text(name).replace(old, new, 1), encoding="utf-8")
    (found,) = map(str, check_laboratory(path))
    assert re.match(r".*lab\.yaml:\d+:\d+: ", found)
    assert said in found
