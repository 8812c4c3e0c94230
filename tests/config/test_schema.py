"""The JSON Schema accepts what the reader accepts, and refuses what an editor can know to be wrong."""

import pytest
import yaml

from qctl.config import json_schema
from qctl.core.laboratory import Laboratory

jsonschema = pytest.importorskip("jsonschema", reason="the schema is tried with the package jsonschema")


@pytest.fixture(scope="module")
def validator():
    schema = json_schema(Laboratory)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def document(transmon5):
    return yaml.load(transmon5.replace("action: off", "action: 'off'"), yaml.CSafeLoader)  # PyYAML reads YAML 1.1


def test_the_laboratories_that_come_with_qctl_meet_the_schema(validator, configs, document):
    validator.validate(document)
    text = (configs / "ideal20.yaml").read_text(encoding="utf-8").replace("action: off", "action: 'off'")
    validator.validate(yaml.load(text, yaml.CSafeLoader))


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("reference",), 1e7),
        (("reference",), "10MHz"),
        (("reference",), "10 V"),
        (("platfrom",), "superconducting"),
        (("lines", "q0.drive", "i"), "awg1.0"),
        (("lines", "q0.drive", "input"), "awg1.1"),
        (("lines", "feedline", "back"), ["digitizer.1"]),
        (("qubits", "q0"), {"drive": "q0.drive"}),
        (("safe", "awg1", "action"), "on"),
        (("limits", "awg1", "unit"), "V"),
        (("first_guess", "q0", "frequency"), "5 us"),
        (("first_guess", "q0", "color"), 1),
        (("digest",), "0" * 64),
    ],
)
def test_what_the_reader_refuses_by_shape_the_schema_refuses_too(validator, document, steps, value):
    inner = document
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    assert not validator.is_valid(document)


@pytest.mark.parametrize("key", ["platform", "reference", "period", "instruments", "lines", "qubits", "safe", "limits"])
def test_a_missing_section_does_not_meet_the_schema(validator, document, key):
    del document[key]
    assert not validator.is_valid(document)


def test_keys_are_described_for_whoever_hovers_over_them():
    line = json_schema(Laboratory)["$defs"]["Line"]["properties"]
    assert line["delay"]["description"] == "from output to chip, as far as known"
