"""What ran can be made again: the same text, parameters and laboratory give the same waveforms, to the sample."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def replayed(document: Mapping[str, Any], program: str, lab: str, state: Path) -> dict[str, Any]:
    """Compile a finished job again; return its waveforms then and now, and what differs.

    Parameters
    ----------
    document : of its result
    program : its text
    lab : laboratory file, or a name
    state : folder of the parameter store
    """
    from .bench import Bench

    bench = Bench(lab, state)
    ran = document["compiled"]
    try:
        with tempfile.TemporaryDirectory(prefix="qctl-replay-") as folder:
            out = Path(folder) / "compiled"
            number = int(str(document["pinned"]).partition("/")[0])
            optimise, place = document["asked"]["optimise"], ran["place"]
            inputs = document["asked"].get("inputs", {})
            found = bench.compile(program, inputs=inputs, parameters=number, optimise=optimise, place=place, out=out)
    finally:
        bench.close()
    differs = {
        "the laboratory file": bench.laboratory.digest != document["laboratory"]["digest"],
        "the parameters": found["parameters_id"] != document["parameters_id"],
        "the placement": found["placement"] != ran["placement"],
    }
    return {
        "same": (found["waveforms"], found["circuit"]) == (ran["waveforms"], ran["circuit"]),
        "waveforms": found["waveforms"],
        "ran": ran["waveforms"],
        "why": [f"{what} changed" for what, changed in differs.items() if changed],
    }
