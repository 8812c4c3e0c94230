"""A disposable process that reads users' programs: whatever a program does to it, it does to nobody else.

It answers one question at a time: a line of JSON at its standard input, a line of JSON at its standard output. It
leaves when its standard input ends, and dies with its parent.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from .crash_points import crash_point
from .pipes import say, taken_over
from .process import allow_cpu, die_with_parent, leave_network, limit

MEMORY = 2 * 2**30  # bytes of address space beyond what the imported libraries take themselves
FILE = 2 * 2**30
CPU_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    """Serve; ``arguments`` are laboratory, state folder, process id of the parent, and a twin or nothing."""
    lab, state, parent, *twin = arguments
    die_with_parent(int(parent))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices; read when NumPy is loaded
    answers, questions = taken_over()
    from .bench import Bench

    leave_network()
    bench = Bench(lab, Path(state), Path(twin[0]) if twin else None)
    limit(memory=_address_space() + MEMORY, file=FILE)
    say(answers, {"ready": True})
    for line in questions:
        crash_point("worker.received")
        allow_cpu(CPU_SECONDS)
        answer = answered(bench, json.loads(line))
        crash_point("worker.before_answer")
        say(answers, answer)
    bench.close()
    return 0


def answered(bench: Any, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 (imported late)
    """Return what a bench says to one question, or why it says nothing."""
    from qctl.core.errors import QctlError

    from .light import make_trial, read_trial

    try:
        verb, said = asked["verb"], asked["with"]
        if verb in ("prepare", "compile"):
            text, out = said.pop("program"), Path(said.pop("out"))
            found = (bench.prepare if verb == "prepare" else bench.compile)(text, **said, out=out)
        elif verb == "link":
            found = bench.link(said["parts"], Path(said["out"]))
        elif verb == "read":
            found = bench.read(said["parts"], Path(said["record"]), said["window"], said["began"], Path(said["linked"]))
        elif verb == "trial":
            found = make_trial(bench, **{**said, "out": Path(said["out"])})
        elif verb == "tried":
            found = read_trial(bench, **said)
        elif verb == "describe":
            found = bench.describe()
        elif verb == "parameters":
            found = bench.newest()
        else:
            raise ValueError(f"no verb {verb!r}")
    except QctlError as error:
        return {"error": {"kind": type(error).__name__, "said": str(error), "remedy": error.remedy}}
    except MemoryError:
        return {"error": {"kind": "MemoryError", "said": "the program needs more memory than it may use", "remedy": ""}}
    except RecursionError:
        return {"error": {"kind": "RecursionError", "said": "the program is nested too deeply", "remedy": ""}}
    except Exception as error:  # noqa: BLE001 (the border: a mistake of ours fails this job alone)
        return {"error": {"kind": type(error).__name__, "said": f"qctl itself failed: {error!r}", "remedy": ""}}
    return {"found": found}


def _address_space() -> int:
    """Return the bytes of address space in use: what libraries reserved without touching it counts, too."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
