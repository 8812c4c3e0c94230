"""Snapshots of parameters as files: read as written, readable by line, and strictly JSON."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.config import read_laboratory, read_parameters, write_parameters
from qctl.core.errors import ConfigError, ParameterError
from qctl.core.names import Target, unit_of
from qctl.core.parameters import Estimate, Parameters

NUMBER = st.floats(allow_nan=False, allow_infinity=False)
ESTIMATE = st.builds(
    Estimate,
    value=NUMBER,
    error=st.floats(min_value=0, allow_nan=False),
    unit=st.sampled_from(["", "Hz", "s", "rad", "V", "A"]),
    time=NUMBER,
    run=st.text(max_size=10),
)
NAMES = st.from_regex(r"q[0-9]{1,2}(-q[0-9])?\.[a-z0-9_]{1,8}(\.[a-z0-9_]{1,8})?", fullmatch=True)
PARAMETERS = st.builds(Parameters, st.dictionaries(NAMES, ESTIMATE, max_size=8), st.integers(0, 10**6))
GOOD = Parameters({"q0.t1": Estimate(3e-5, 1e-6, "s", 1.0, "run 7"), "q0.frequency": Estimate(5.1e9, unit="Hz")}, 3)


@settings(max_examples=60, deadline=None)  # each one is flushed to the disk
@given(parameters=PARAMETERS, note=st.text(max_size=20))
def test_what_is_written_is_read_back_to_the_bit(tmp_path_factory, parameters, note):
    path = tmp_path_factory.getbasetemp() / "some.parameters.json"
    write_parameters(path, parameters, note)
    read = read_parameters(path)
    assert (read.estimates, read.number, read.note) == (parameters.estimates, parameters.number, note)
    assert read.id == parameters.id


def test_each_parameter_has_its_line_and_lines_are_sorted(tmp_path):
    path = tmp_path / "a.parameters.json"
    write_parameters(path, GOOD, "made by hand")
    lines = path.read_text().splitlines()
    assert [line.split(":")[0].strip() for line in lines if "value" in line] == ['"q0.frequency"', '"q0.t1"']
    assert json.loads(path.read_text())["note"] == "made by hand"
    first = path.read_bytes()
    write_parameters(path, GOOD.replaced({"q0.t1": 4e-5}), "made by hand")
    changed = [
        pair for pair in zip(first.splitlines(), path.read_bytes().splitlines(), strict=True) if pair[0] != pair[1]
    ]
    assert len(changed) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.parameters.json"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_never_written(tmp_path, value):
    path = tmp_path / "a.parameters.json"
    with pytest.raises(ParameterError, match=r"q0\.t1"):
        write_parameters(path, GOOD.replaced({"q0.t1": value}), "")
    assert not path.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3e-05", "NaN", "NaN is no number of JSON"),
        ("3e-05", "Infinity", "Infinity is no number of JSON"),
        ("3e-05", "1e400", "number 1e400 is too large"),
        ("3e-05", "1" * 5000, "is too long"),
        ("3e-05", "true", r"value of q0\.t1 is True"),
        ("3e-05", '"3e-5"', r"value of q0\.t1 is '3e-5'"),
        ("3e-05", "null", r"value of q0\.t1 is None"),
        ("1e-06", "-1e-06", r"error of q0\.t1 is -1e-06"),
        ('"unit": "s"', '"unit": 5', r"unit of q0\.t1 is 5"),
        ('"unit": "s", ', "", r"missing key 'unit' in q0\.t1"),
        ('"unit": "s"', '"units": "s"', r"unknown key 'units' in q0\.t1"),
        ('"q0.t1"', '"q0.frequency"', r"key 'q0\.frequency' a second time"),
        ('"q0.t1"', '"t1"', "name of t1 is t1; allowed: TARGET.QUANTITY"),
        ('"number": 3', '"number": -3', "number is -3; allowed: a whole number"),
        ('"number": 3', '"number": 3, "more": 1', "unknown key 'more' in the file"),
        ('"note": "n"', '"note": 5', "note is 5; allowed: text"),
        ("}\n}\n", "}\n", "no JSON"),
        ('"parameters"', '"parameters": [], "x"', "unknown key 'x'"),
    ],
)
def test_anything_else_is_answered_with_its_place(tmp_path, old, new, said):
    path = tmp_path / "a.parameters.json"
    write_parameters(path, GOOD, "n")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said) as caught:
        read_parameters(path)
    assert all("a.parameters.json:" in mistake.where for mistake in caught.value.mistakes)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[" * 200_000, b'{"a":' * 200_000, b"[]", b"1", b"{}", b" " * 9_000_000]
)
def test_hostile_files_are_refused(tmp_path, content):
    path = tmp_path / "a.parameters.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.parameters\.json:"):
        read_parameters(path)


def test_a_laboratory_is_checked_together_with_the_snapshot_it_names(tmp_path, transmon5, mistakes_in):
    lab = transmon5.replace("period:", "parameters: good.parameters.json\nperiod:", 1)
    assert "there is no good.parameters.json" in str(mistakes_in(lab)[0])
    mistakes_in("{", name="good.parameters.json")
    assert "good.parameters.json:1:2: no JSON" in str(mistakes_in(lab)[0])
    write_parameters(tmp_path / "good.parameters.json", GOOD, "n")
    mistakes_in((tmp_path / "good.parameters.json").read_text(), name="good.parameters.json")
    assert mistakes_in(lab) == ()


@pytest.mark.parametrize("name", ["transmon5", "ideal20"])
def test_a_committed_snapshot_gives_each_parameter_the_unit_of_its_name(configs, name):
    laboratory = read_laboratory(configs / f"{name}.yaml")
    kinds = {Target.QUBIT: laboratory.qubits, Target.COUPLING: laboratory.couplings, Target.LINE: laboratory.lines}
    for parameter, estimate in read_parameters(configs / f"{name}.parameters.json").estimates.items():
        owners = [(kind, t) for kind, targets in kinds.items() for t in targets if parameter.startswith(f"{t}.")]
        assert owners, parameter
        units = {unit_of(parameter.removeprefix(f"{target}."), kind) for kind, target in owners}
        assert estimate.unit in units or units == {None}, parameter
