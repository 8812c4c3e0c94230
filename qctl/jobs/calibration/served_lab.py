"""A laboratory whose instruments belong to the daemon: what is to be played is asked for, and waits for a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq
from pathlib import Path
from typing import Any

from qctl.compile.route import used_qubits
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.record import Record
from qctl.core.result import Result
from qctl.core.sequence import Sequence
from qctl.frontends import Text, Written
from qctl.jobs import codec
from qctl.jobs.claims import claims_of, conditions, pinned
from qctl.jobs.request import Candidate
from qctl.run import Lab
from qctl.run.said import Tell

Ask = Callable[[dict[str, Any]], dict[str, Any]]


class ServedLab(Lab):
    """Runs programs in the windows of a daemon; everything but playing is as in `Lab`.

    Parameters
    ----------
    ask : hands over what is to be played, and returns where its records are
    folder : for compiled programs
    """

    def __init__(self, laboratory: Laboratory, parameters: Parameters, ask: Ask, folder: Path) -> None:
        super().__init__(laboratory, parameters)
        self._ask, self._folder = ask, folder
        self._used: list[int] = []
        self._alone = False
        self._offset, self._number = 0.0, 0

    def now(self) -> float:
        """Return the time of the station, as it was at its last window, and what has passed since."""
        return time.time() + self._offset

    def wait(self, seconds: float) -> None:
        """Let time pass: users' jobs play meanwhile."""
        time.sleep(seconds)

    def run_each(
        self, pairs: Seq[tuple[Program | Written | Text, Parameters]], shots: int | None = None, *,
        mitigate: bool = False, optimise: bool = True, traces: bool = False, guarded: bool = False,
        longest: float | None = None, tell: Tell | None = None,
    ) -> Result:  # fmt: skip
        """Run many programs; see `Lab.run_each`. Mean traces hear everybody on a feedline: they are taken alone."""
        programs = [self._read(program, None, known) for program, known in pairs]
        self._used = sorted({int(qubit) for program in programs for qubit in used_qubits(program)})
        self._alone = traces
        return super().run_each(
            pairs, shots, mitigate=mitigate, optimise=optimise, traces=traces, guarded=guarded,
            longest=longest, tell=tell,
        )  # fmt: skip

    def run_in_parts(self, pairs: Seq[tuple[Program, Parameters]]) -> Result:
        """Refuse: a window of calibration holds no shots that the host steers."""
        raise CompileError(
            "a step of calibration in parts that the host steers",
            allowed="steps that are played at one go, while the daemon serves the laboratory",
            where=self.laboratory.name,
            remedy="qctl calibrate while it does not",
        )

    def _records(self, joined: Sequence, known: Parameters, guarded: bool) -> Iterator[Record]:
        """Yield what came back, a record for each window in which some of the shots were played."""
        self._number += 1
        compiled = self._folder / f"calibration-{self._number}.compiled"
        codec.write(compiled, {"sequence": joined, "registers": (), "known": known})
        compiled.with_suffix(".places").write_bytes(codec.encode((self._place(joined, known),)))
        said = {"compiled": str(compiled), "shots": joined.shots, "alone": self._alone}
        try:
            answer = self._ask(said)
        finally:
            compiled.unlink(missing_ok=True)
        if "error" in answer:
            raise CompileError(answer["error"])
        self._offset = answer["now"] - time.time()
        for path in map(Path, answer["records"]):
            record: Record = codec.read(path)
            path.unlink()
            yield record

    def _place(self, joined: Sequence, known: Parameters) -> Candidate:
        claims = claims_of(joined, self._used, known, self.laboratory, self.limits)
        length = joined.period * joined.n_points
        one = Candidate(placement=tuple(self._used), claims=claims, expected_success=1.0, duration_s=length)
        return pinned(one, conditions(known, self.laboratory))
