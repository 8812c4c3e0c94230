"""What tries to exhaust or to trick what it is given to: texts, pulses, files; by row of the matrix of guarantees."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from qctl.cli.columns import read_columns
from qctl.client import Client
from qctl.compile import compile_program
from qctl.config import read_laboratory, read_parameters
from qctl.core.axis import Axis
from qctl.core.errors import QctlError
from qctl.daemon.strict_json import parse as parse_json
from qctl.frontends import as_program, read_openqasm
from qctl.frontends.python import Pulses
from qctl.jobs.container import unpack

THREE = "OPENQASM 3;\nqubit[3] q;\n"
TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\n'
MANY = 10**6


def chain(n, body):
    return "gate g0 a { x a; }\n" + "".join(f"gate g{k} a {{ {body.format(k - 1)} }}\n" for k in range(1, n))


def calls(kind: str, body: str, last: str) -> str:
    """Return subroutines f0 to f39, each of which calls the one before twice."""
    takes, gives = (f"{kind} n", f" -> {kind}") if kind else ("qubit n", "")
    return "".join(f"def f{k}({takes}){gives} {{ {body.format(f'f{k - 1}') if k else last} }}\n" for k in range(40))


TEXTS = {
    "parentheses": (f"{THREE}rx({'(' * MANY}1{')' * MANY}) q[0];", "parentheses within each other"),
    "parentheses 2": (f"{TWO}rx({'(' * MANY}1{')' * MANY}) q[0];", "parentheses within each other"),
    "signs": (f"{THREE}rx({'-' * MANY}1) q[0];", "within each other"),
    "blocks": (THREE + "{" * MANY, "65 brackets within each other"),
    "doubling gates": (chain(90, "g{0} a; g{0} a;") + "qubit q; g89 q;", "events after expanding all gates"),
    "deep gates": (chain(5000, "g{0} a;") + "qubit q;", "101 gate definitions within each other"),
    "power": ("gate g a,b { cx a,b; h a; } qubit[2] q; pow(1000000000) @ g q[0],q[1];", "2000000000 events"),
    "powers": ("qubit q;" + "pow(9000000000000) @ " * 3000 + "rx(0.1) q;", "modifiers of one gate"),
    "recursion": ("gate a q { a q; }", "uses itself"),
    "mutual recursion": ("gate a q { b q; } gate b q { a q; }", "'b' is not defined"),
    "qubits": ("qubit[1000000000] q;", "1000000000 qubits; allowed: at most 4096"),
    "qubits 2": ("qreg q[1000000000]; creg c[1];", "1000000000 qubits"),
    "bits": ("bit[1000000000] b;", "1000000000 bits"),
    "physical qubit": ("x $1000000000;", "index of a qubit"),
    "loop": (f"{THREE}for int i in [0:1000000000000] {{ x q[0]; }}", "1000000000001 statements to run in this loop"),
    "endless loop": (f"{THREE}while (true) {{ x q[0]; }}", "a loop that never ends"),
    "loops within loops": (
        f"{THREE}for int i in [0:999999] {{ for int j in [0:999999] {{ x q[0]; }} }}", "1000001000000 statements"
    ),
    "endless count": (f"{THREE}int n = 1; while (n > 0) {{ n = n + 1; }}", "1001 or more rounds of one loop"),
    "recursion of calls": ("def f(int n) -> int { return f(n); } int a = f(1);", "calls within each other"),
    "doubling calls": (calls("int", "return {0}(n) + {0}(n);", "return n;") + "int a = f39(1);", "statements to run"),
    "doubling calls of gates": (calls("", "{0}(n); {0}(n);", "x n;") + "qubit q; f39(q);", "statements to run"),
    "a wide number": ("int[1000000000] a = 1;", "1000000000 bits of one int; allowed: at most 64"),
    "a wide number without a sign": ("uint[100000] a = 1;", "100000 bits of one uint"),
    "many stretches": (
        "qubit q;" + "".join(f"stretch s{k}; delay[s{k}] q;" for k in range(1_100)), "1001 stretches"
    ),
    "fibonacci": (
        "def f(int n) -> int { if (n < 2) { return n; } return f(n - 1) + f(n - 2); } int a = f(40);",
        "statements to run",
    ),
    "forking calls": (
        "def f(int n) -> int { return f(n + 1) + f(n + 1); } int a = f(1);", "levels of blocks and calls"
    ),
    "array": ("array[int, 1000, 1000, 1000] a;", "1000000000 elements of an array"),
    "many choices": (
        "qubit[4096] q; bit[12] c; c = measure q[0:11]; cx q[c], q[c + 1];", "choose from 16777216 ones"
    ),
    "many words": ("int a = 0;" + "a += 1;" * 70000, "words in one program with control flow"),
    "long statement": ("int a = 1; a = " + "1+" * 5000 + "1;", "words in one statement"),
    "large shift": (f"{THREE}int n = 1; n = n << 100000;", "a shift by 100000 places"),
    "large power": (f"{THREE}int n = 9; n = n ** n ** n;", "more than 64 bits"),
    "no real number": (f"{THREE}float f = 1.0; f = sqrt(0.0 - f);", "no finite real value"),
    "digits": (f"{THREE}rx({'7' * 5000}) q[0];", "cannot be read"),
    "more digits": (f"{THREE}rx({'7' * 200}) q[0];", "the number 777"),
    "overflow": (f"{THREE}rx(1e400) q[0];", "the number 1e400"),
    "overflow 2": (f"{TWO}rx(1e400) q[0];", "the number 1e400"),
    "exp": (f"{THREE}rx(exp(1000)) q[0];", "no finite real value"),
    "no number": (f"{THREE}rx(0.0/0.0) q[0];", "division by zero"),
    "nan": (f"{THREE}rx(nan) q[0];", "'nan' is no value here"),
    "tower": (f"{THREE}rx(9**9**9**9) q[0];", "more than 64 bits"),
    "shift": (f"{THREE}rx(1<<10000000) q[0];", "a shift"),
    "controls": (f"{THREE}ctrl(1000000) @ x q[0];", "1000000 control qubits"),
    "long name": (f"qubit {'a' * MANY};", "1000000 characters in one word"),
    "many operands": (f"{THREE}x {'q,' * MANY}q;", "items in one list"),
    "many arguments": (f"{THREE}rx({'1,' * MANY}1) q[0];", "items in one list"),
    "statements": (";" * 10**7, "10000000 statements"),
    "comment": ("/*" * MANY, "unexpected|without its end|words in one statement"),
    "string": (f'include "{"a" * MANY}', "does not end on its line"),
    "password file": (f'{THREE}include "/etc/passwd";', "no file is opened"),
    "other folder": (f'{TWO}include "../qelib1.inc";', "no file is opened"),
    "address": (f'{THREE}include "https://example.org/stdgates.inc";', "no file is opened"),
    "cyrillic": (f"{THREE}сx q[0], q[1];", r"U\+0441 \(CYRILLIC SMALL LETTER ES\)"),
    "full width": (f"{THREE}ｘ q[0];", r"U\+FF58"),
    "arabic digit": (f"{THREE}x q[١];", r"U\+0661"),
    "omicron": ("gate gο q { }", r"U\+03BF"),
    "right to left": (f"{THREE}x‮ q[0];", r"U\+202E"),
    "null": (f"{THREE}x\x00 q[0];", r"U\+0000"),
}  # fmt: skip

PULSE = """OPENQASM 3; defcalgrammar "openpulse"; cal {{ port q0_drive; frame f = newframe(q0_drive, 5.1e9, 0.0); }}
defcal x $0 {{ {play} }} bit c; x $0; c = measure $0;"""
PULSES = {
    "a pulse of 1000 s": PULSE.format(play="play(f, constant(0.3, 1000s));"),
    "a pulse of 10^300 s": PULSE.format(play="play(f, constant(0.3, 1e300s));"),
    "a pulse for each of 10^9 samples": PULSE.format(play="play(f, raised_cosine(0.3, 416666us, 0.5ns));"),
    "10^9 samples between pulses": PULSE.format(play="play(f, constant(0.3, 40ns)); delay[416666us] f; "
    "play(f, constant(0.3, 40ns));"),
    "an amplitude of 10^300": PULSE.format(play="play(f, constant(1e300, 40ns));"),
    "an amplitude that is none": PULSE.format(play="play(f, constant(0.0/0.0, 40ns));"),
    "a phase that is none": PULSE.format(play="shift_phase(f, sqrt(-1.0)); play(f, constant(0.1, 40ns));"),
    "samples one by one": PULSE.format(play="waveform w = {0.1, 0.2}; play(f, w);"),
    "a wait of 10^9 s": "OPENQASM 3; bit c; x $0; delay[1000000000s] $0; x $0; c = measure $0;",
}  # fmt: skip
JSONS = {
    "a key twice": b'{"program": "a", "program": "b"}',
    "lists nested deep": b"[" * 10**6,
    "objects nested deep": b'{"a":' * 10**5,
    "a number that is none": b'{"shots": NaN}',
    "a number beyond all": b'{"shots": 1e999}',
    "many digits": b'{"shots": ' + b"9" * 10**6 + b"}",
    "no text": b"\xff\xfe\x00",
}


class Canary:
    """Writes a file when somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.path), "w")


@dataclass(frozen=True)
class Attack:
    """One of them: ``act`` must raise a QctlError."""

    row: str
    name: str
    act: Callable[[], object]


@dataclass(frozen=True)
class Cost:
    """What it cost to refuse: calls of functions, bytes at the peak, and what was said (nothing: not refused)."""

    calls: int
    peak: int
    said: str
    reason: QctlError | None


def attacks(folder: Path, laboratory: str = "transmon5") -> Iterator[Attack]:
    """Yield all but the texts of rows I1 to I7, which need no laboratory and no files."""
    from qctl.run import Lab

    lab = Lab.open(laboratory)

    def compiled(program: object) -> Callable[[], object]:
        return lambda: compile_program(as_program(program), lab.parameters, lab.laboratory, lab.limits)

    many = "qubit q;" + "x q;" * 10**7
    yield Attack("I5", "ten million gates", lambda: read_openqasm(many))
    for name, text in PULSES.items():
        yield Attack("I8", name, compiled(text))
    for name, amplitude, seconds in (("nan", float("nan"), 40e-9), ("inf", float("inf"), 40e-9), ("long", 0.3, 0.42)):
        played = partial(_played, lab, amplitude, seconds)
        yield Attack("I8", f"samples from Python: {name}", lambda played=played: compiled(played())())
    yield Attack("I8", "an axis of numbers that are none", lambda: Axis("a", [0.0, float("nan")]))
    for name, text in YAMLS.items():
        yield Attack("I9", f"a laboratory file with {name}", _reads(folder, f"{name}.yaml", text, read_laboratory))
    for name, data in JSONS.items():
        yield Attack("I9", f"a request with {name}", lambda data=data: parse_json(data))
        yield Attack("I9", f"a snapshot with {name}", _reads(folder, f"{name}.parameters.json", data, read_parameters))
    yield from _pickled(folder)


def _reads(folder: Path, name: str, data: str | bytes, read: Callable[[Path], object]) -> Callable[[], object]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return lambda: read(path)


def _played(lab: object, amplitude: float, seconds: float) -> Pulses:
    pulses = Pulses(lab)
    pulses.play(pulses.drive("q0").cosine(amplitude, seconds))
    pulses.measure("q0", "m")
    return pulses


def canary(folder: Path) -> Path:
    """Return the file that an unpickled attack writes."""
    return folder / "unpickled"


def _pickled(folder: Path) -> Iterator[Attack]:
    data = pickle.dumps(Canary(canary(folder)))
    objects = io.BytesIO()
    np.save(objects, np.array([Canary(canary(folder))], object), allow_pickle=True)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.npy", objects.getvalue())
    qpy = b"QISKIT" + struct.pack("!BBBBQ", 13, 1, 4, 0, 1) + data
    files = {"program.pkl": data, "circuit.qpy": qpy, "table.npz": zipped.getvalue(), "table.npy": objects.getvalue()}
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        yield Attack("I10", f"{name} as a program", lambda path=path: as_program(path))
        yield Attack("I10", f"{name} as a job", lambda path=path: Client("/nowhere").submit(path))
        yield Attack("I10", f"{name} as columns", lambda path=path: read_columns(path))
        yield Attack("I10", f"{name} as a snapshot", lambda path=path: read_parameters(path))
        yield Attack("I10", f"{name} as a laboratory", lambda path=path: read_laboratory(path))
        yield Attack("I10", f"{name} as a result", lambda content=content: unpack(memoryview(content)))


YAMLS = {
    "an alias bomb": "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
    "a tag that runs code": "a: !!python/object/apply:os.system ['true']\n",
    "lists nested deep": "a: " + "[" * 100_000,
    "a key twice": "name: 1\nname: 2\n",
    "many values": "a: [" + "1," * 120_000 + "]",
}


def refused(act: Callable[[], object]) -> Cost:
    """Do it, and count what it costs until it is refused."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    tracemalloc.start()
    sys.setprofile(count)
    try:
        act()
    except QctlError as refusal:
        reason = refusal
    else:
        reason = None
    finally:
        sys.setprofile(None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return Cost(calls, peak, "" if reason is None else str(reason), reason)
