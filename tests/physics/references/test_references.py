"""The numbers that gates are compared with: made by QuTiP, as anybody can make them, and the same as others have."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).with_name("qutip.json")


@pytest.fixture(scope="module")
def kept():
    return json.loads(FILE.read_text(encoding="utf-8"))


def numbers(value):
    """Yield all numbers of a document, by their place."""
    if isinstance(value, dict):
        return {f"{key}.{where}": x for key, one in value.items() for where, x in numbers(one).items()}
    if isinstance(value, list):
        return {f"{k}.{where}": x for k, one in enumerate(value) for where, x in numbers(one).items()}
    return {"": value}


def test_they_are_made_anew_by_the_script_beside_them(kept):
    pytest.importorskip("qutip")
    made = runpy.run_path(str(FILE.with_name("make.py")))
    for name, one in (
        ("ms_ground", made["ms"](0, 1.0, 24)),
        ("rydberg_cz_V_2pi100MHz", made["cz"](2 * np.pi * 100, "100 MHz")),
    ):
        found, wanted = numbers(one["outputs"]), numbers(kept[name]["outputs"])
        assert found == pytest.approx(wanted, abs=1e-9)


def test_they_are_those_of_others_where_these_are_there(kept, shared):
    others = json.loads((shared / "physics/qutip_reference.json").read_text(encoding="utf-8"))
    names = [name for name in kept if name in others]
    assert len(names) == 6
    for name in names:
        found, wanted = numbers(kept[name]["outputs"]), numbers(others[name]["outputs"])
        assert {key: found[key] for key in found} == pytest.approx({key: wanted[key] for key in found}, abs=1e-6)
