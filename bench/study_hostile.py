"""What tries to exhaust or to trick qctl: CPU time and memory until it is refused, and in which words.

    python bench/study_hostile.py [--slowest 10]

Texts are rows I1 to I7, pulses I8, files and requests I9 and I10 of the matrix of threats. Exit code 1 when one is not
refused, takes more than 100 ms of CPU or 64 MiB, or when something was unpickled.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worlds"))  # also as a program

from hostile import FLOODS, TEXTS, Attack, attacks, canary, refused

from qctl.core.errors import QctlError
from qctl.frontends import read_openqasm

MOST_MS, MOST_BYTES = 100.0, 64 * 2**20


def spent(act: Callable[[], object]) -> float:
    """Return ms of CPU until it is refused, the least of three times; the first one also loads modules."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        with suppress(QctlError):
            act()
        times.append((time.process_time() - begun) * 1e3)
    return min(times)


def main() -> int:
    """Print a line for each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--slowest", type=int, default=0, help="only so many; all by default")
    given, rows, failed = asked.parse_args(), [], 0
    with tempfile.TemporaryDirectory(prefix="qctl-hostile-") as folder:
        texts = [Attack("I1-I7", name, partial(read_openqasm, text)) for name, (text, _) in (TEXTS | FLOODS).items()]
        for one in [*texts, *attacks(Path(folder))]:
            ms, cost = spent(one.act), refused(one.act)
            failed += not cost.said or ms > MOST_MS or cost.peak > MOST_BYTES
            rows.append((ms, cost.peak / 2**20, cost.calls, one.row, one.name, cost.said or "NOT REFUSED"))
        failed += canary(Path(folder)).exists()
    for ms, peak, calls, row, name, said in sorted(rows, reverse=True)[: given.slowest or None]:
        print(f"{ms:6.1f} ms {peak:6.1f} MiB {calls:8} calls  {row:6} {name:40} {said[:90]!r}")
    print(
        f"{len(rows)} attacks, {failed} failed; slowest {max(rows)[0]:.0f} ms, most {max(r[1] for r in rows):.1f} MiB"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
