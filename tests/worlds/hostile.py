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
FLOW = "OPENQASM 3; qubit[3] q; bit c; c = measure q[0]; if (c) x q[1];"
CAL = 'defcalgrammar "openpulse";'
MANY = 10**6


def chain(n, body):
    return "gate g0 a { x a; }\n" + "".join(f"gate g{k} a {{ {body.format(k - 1)} }}\n" for k in range(1, n))


def many(one: str, n: int, between: str = "") -> str:
    """Return a text n times, with numbers put in."""
    return between.join(one.format(k) for k in range(n))


def calls(kind: str, body: str, last: str) -> str:
    """Return subroutines f0 to f39, each of which calls the one before twice."""
    takes, gives = (f"{kind} n", f" -> {kind}") if kind else ("qubit n", "")
    return "".join(f"def f{k}({takes}){gives} {{ {body.format(f'f{k - 1}') if k else last} }}\n" for k in range(40))


FLOODS: dict[str, tuple[str, str]] = {
    "parameters": (f"gate g({many('a{}', 20_000, ',')}) q {{ x q; }}", "1025 or more items in one list"),
    "parameters 2": (f"{TWO}gate g({many('a{}', 20_000, ',')}) q {{ x q; }}", "1025 or more items in one list"),
    "qubits of a gate": (f"gate g {many('a{}', 20_000, ',')} {{ }}", "4097 or more items in one list"),
    "registers": (many("qreg r{}[1];", 4_097), "2049 or more declarations"),
    "registers 2": (f"{TWO}{many('creg r{}[1];', 20_000)}", "2049 or more declarations"),
    "registers and comments": (many("qubit r{}; // one more\n", 4_097), "2049 or more declarations"),
    "gates": (many("gate g{} a {{ x a; }}", 20_000), "2049 or more declarations"),
    "constants": (many("const int c{0} = {0};", 20_000), "2049 or more declarations"),
    "subroutines": (many("def f{}() {{ }}", 20_000), "2049 or more declarations"),
    "calibrations": (f"{CAL}{many('defcal x{} $0 {{ }}', 20_000)}", "2049 or more declarations"),
    "ports": (f"{CAL}cal {{ {many('port p{};', 20_000)} }}", "2049 or more declarations"),
    "stretches": (f"qubit q;{many('stretch s{0}; delay[s{0}] q;', 20_000)}", "2049 or more declarations"),
    "stretches and comments": (
        f"qubit q; /* */{many('stretch s{0}; delay[s{0}] q;', 20_000)}", "1001 or more stretches"
    ),
    "rare statements": (f"{FLOW}{'nop;' * 20_000}", "1001 or more words in statements of rare kinds"),
    "one long rare statement": (f"{FLOW}def f() {{ {'nop;' * 1_500} }}", "or more words in statements of rare kinds"),
    "an error behind many gates": (f"{THREE}{'x q[0];' * 5_000}bad", "no viable"),
    "an error in a flow": (f"{FLOW}{'x q[0];' * 3_000}bad", "no viable alternative at input 'bad'"),
    "pragmas": (FLOW + "\n#pragma a b" * 20_000 + "\nbad", "10001 or more pragmas and annotations"),
    "annotations": (FLOW + "\n@a b" * 20_000 + "\nbad", "10001 or more pragmas and annotations"),
    "pragmas, then an error": (FLOW + "\n#pragma a b" * 9_000 + "\nbad", "no viable alternative"),
    "a long annotation": (FLOW + "\n@a " + "b" * 10 * MANY + "\nbad", "no viable alternative"),
    "annotations alone": (FLOW + "@\n" * MANY, "'@' without a name"),
    "an open comment": (f"{THREE}/*{'a' * MANY}", "a comment '/\\*' without its end"),
    "an open comment of stars": (f"{THREE}/*{'*' * MANY}", "a comment '/\\*' without its end"),
    "an open comment of stars and letters": (f"{THREE}/*{'*a' * MANY}", "a comment '/\\*' without its end"),
    "an open string": (f'include "{"a" * 10 * MANY}', "does not end on its line"),
    "quotation marks": ('"' * MANY, "unexpected string|words in one statement"),
    "blocks without braces": (f"{FLOW}{'if (c) ' * 100_000}x q[0];", "words in one statement|200001 or more words"),
    "else if": (f"{FLOW}if (c) x q[1];{'else if (c) x q[2];' * 4_000}", "too deep"),
    "switches": (f"{FLOW}{'switch (1) { case 1 {' * 100_000}", "65 brackets within each other"),
    "subroutines within": (f"{FLOW}{'def f() {' * 100_000}", "65 brackets within each other"),
    "calibrations within": (f"{CAL}{'cal {' * 100_000}", "65 brackets within each other"),
    "indices within": (f"{FLOW}x {'q[' * 100_000}0", "65 brackets within each other"),
    "elements within": (f"{FLOW}array[int, 1] a = {'{' * 100_000}", "65 brackets within each other"),
    "complements": (f"{FLOW}uint a = {'~' * 100_000}1;", "words in one statement"),
    "a dimension too many": (f"array[int{',1' * 100_000}] a;", "words in one statement"),
    "powers of powers": (f"{FLOW}int a = {'1**' * 100_000}1;", "words in one statement"),
    "concatenations": (f"{FLOW}let a = q{' ++ q' * 100_000};", "words in one statement"),
    "signs for arguments": (f"{THREE}rx({'(1),' * MANY}1) q[0];", "1025 or more items in one list"),
    "labels": (f"{FLOW}switch (1) {{ case {'1,' * 100_000}1 {{ }} }}", "words in one statement"),
    "loops over a variable": (
        f"{THREE}int n = 999999; for int i in [0:n] {{ for int j in [0:n] {{ x q[0]; }} }}", "1000001000000 statements"
    ),
    "a loop that counts down": (f"{THREE}for int i in [1000000000:-1:0] {{ x q[0]; }}", "1000000001 statements"),
    "three loops": (
        f"{THREE}for int i in [0:999] {{ for int j in [0:999] {{ for int k in [0:999] {{ }} }} }}", "statements to run"
    ),
    "a loop in a subroutine": ("def f() { for int i in [0:99999999] { } } f();", "100000000 statements"),
    "recursion of gates": (
        f"{FLOW}def f(qubit p) {{ bit b = measure p; if (b) {{ f(p); }} }} f(q[0]);", "levels of blocks and calls"
    ),
    "a loop in a gate": (
        "gate g a { for int i in [0:9223372036854775807] { x a; } }", "9223372036854775809 or more statements"
    ),
    "blocks in a gate": (f"gate g a {'{' * 1_500}", "101 or more statements of a gate within each other"),
    "branches in a gate": (f"gate g a {{ {'if (true) ' * 890}", "101 or more statements of a gate within each other"),
    "branches in a gate that are not run": (
        f"gate g a {{ {'if (false) ' * 890}", "101 or more statements of a gate within each other"
    ),
    "huge arrays": ("array[int, 1000000000, 1000000000, 1000000000] a;", "elements of an array"),
    "barriers": (f"qubit[4000] q;{'barrier q;' * 2_000}", "events on whole registers"),
    "gates on wide registers": (f"qubit[4000] q;{'h q;' * 2_000}", "events on whole registers"),
    "measurements of wide registers": (
        f"qubit[4000] q; bit[4000] c;{'c = measure q;' * 2_000}", "events on whole registers"
    ),
    "controls of controls": (f"qubit q;{'ctrl @ ' * 300}x q;", "17 control qubits|modifiers of one gate"),
    "a large power": (
        "gate g a,b { cx a,b; h a; } qubit[2] q; pow(900000) @ g q[0],q[1];", "1800000 events of one gate"
    ),
    "negative controls": (f"{THREE}negctrl(4096) @ x q[0];", "4096 control qubits"),
    "a power of minus 10^9": ("gate g a,b { cx a,b; h a; } qubit[2] q; pow(-1000000000) @ g q[0],q[1];", "2000000000"),
    "a wait of 10^300 s": (f"{FLOW}delay[1e400s] q[0];", "a duration of inf s; allowed: finite durations"),
    "version": ("OPENQASM " + "3" * MANY + ";", "OpenQASM 33333"),
    "version 4": ("OPENQASM 4.0; qubit q;", "OpenQASM 4"),
    "an executable": ("\x7fELF\x02\x01\x01\x00", r"U\+007F"),
    "an archive": ("PK\x03\x04\x00\x00", r"U\+0003|not defined"),
    "a byte order mark within": (f"{THREE}x q[0];\ufeff", r"U\+FEFF"),
    "a line separator": (f"{THREE}x q[0];\u2028x q[1];", r"U\+2028"),
    "mathematical letters": (f"{THREE}\U0001d431 q[0];", r"U\+1D431"),
    "a lone surrogate": (f"{THREE}x q[0];\ud800", r"U\+D800"),
    "emoji": (f"{THREE}{chr(0x1F600) * MANY}", r"U\+1F600"),
    "html": ("<html>" * 100_000, "words in one statement"),
    "terminal codes": ("\x1b[2J" * 1000, r"U\+001B"),
}  # fmt: skip

TEXTS = {
    "parentheses": (f"{THREE}rx({'(' * MANY}1{')' * MANY}) q[0];", "parentheses within each other"),
    "parentheses 2": (f"{TWO}rx({'(' * MANY}1{')' * MANY}) q[0];", "parentheses within each other"),
    "signs": (f"{THREE}rx({'-' * MANY}1) q[0];", "within each other"),
    "blocks": (THREE + "{" * MANY, "65 brackets within each other"),
    "doubling gates": (chain(90, "g{0} a; g{0} a;") + "qubit q; g89 q;", "events after expanding all gates"),
    "deep gates": (chain(2000, "g{0} a;") + "qubit q;", "101 gate definitions within each other"),
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
        "qubit q;" + "".join(f"stretch s{k}; delay[s{k}] q;" for k in range(1_100)), "1001 or more stretches"
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
