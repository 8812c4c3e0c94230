"""What the documentation shows is right."""

import re
from pathlib import Path

from qctl.core.laboratory import (
    Coupling,
    InstrumentEntry,
    Laboratory,
    LimitEntry,
    Line,
    Qubit,
    SafeEntry,
)

PAGE = Path(__file__).parents[2] / "docs" / "laboratory-file.md"


def test_the_example_of_the_documentation_is_a_right_file(mistakes_in):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert mistakes_in(example) == ()


def test_every_key_of_a_laboratory_file_is_documented():
    kinds = (Laboratory, InstrumentEntry, Line, Qubit, Coupling, SafeEntry, LimitEntry)
    fields = [field for kind in kinds for field in kind.__dataclass_fields__.values()]
    said = set(re.findall(r"`([a-z_0-9]+)`", PAGE.read_text(encoding="utf-8")))
    assert {field.name for field in fields if not field.metadata.get("derived")} <= said
