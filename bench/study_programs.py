"""Other projects' programs, one after the other: right, refused, or wrong; and what was allowed.

    python bench/study_programs.py SHARED [--lab ideal20] [--shots 20000] [--only WORD]

SHARED is a folder with ``programs/reference.json`` and the programs that it names. Programs of more than 12 qubits are
compiled, not played: what their gates mean is compared in `tests/frontends/test_reference_programs.py`. What is refused
because nobody decides in time is run each way for itself. Exit code 1 when one is wrong, or one without feedback is
refused though it fits.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worlds"))  # also as a program

from reference_programs import MOST_QUBITS, Verdict, judged, references

from qctl.run import Lab


def main() -> int:
    """Print a line for each program, and how many were what."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("shared", type=Path)
    asked.add_argument("--lab", default="ideal20")
    asked.add_argument("--shots", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=20)
    asked.add_argument("--only", default="", help="only programs whose name holds this")
    given, words, failed = asked.parse_args(), Counter[str](), 0
    with Lab.open(given.lab, seed=given.seed) as lab:
        for name, entry in references(given.shared).items():
            if given.only not in name:
                continue
            begun = time.perf_counter()
            text = (given.shared / "programs" / name).read_text()
            found = judged(lab, text, entry, given.shots)
            if "feedback" in found.said and entry["qubits"] <= MOST_QUBITS:
                way = judged(lab, text, entry, given.shots, each_way=True)
                words[f"{way.word} each way"] += 1
                found = Verdict(found.word, f"{found.said}\n{'':61}each way for itself: {way.word}, {way.said}")
                failed += way.word == "wrong"
            words[found.word] += 1
            fits = entry["qubits"] <= len(lab.laboratory.qubits) and entry.get("dynamic") is False
            failed += found.word == "wrong" or (found.word == "refused" and fits)
            print(f"{name:55} {entry['qubits']:4} {found.word:8} {time.perf_counter() - begun:6.1f} s  {found.said}")
    print(", ".join(f"{number} {word}" for word, number in words.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
