"""No text exhausts the machine: what is too large is refused by a number, before the work is done."""

import tracemalloc

import pytest

from qctl.core.errors import ProgramError
from qctl.frontends import ReadLimits, read_openqasm

THREE = "OPENQASM 3;\nqubit[3] q;\n"
TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\n'
MANY = 10**6


def chain(n, body):
    return "gate g0 a { x a; }\n" + "".join(f"gate g{k} a {{ {body.format(k - 1)} }}\n" for k in range(1, n))


TEXTS = {
    "parentheses": (f"{THREE}rx({'(' * MANY}1{')' * MANY}) q[0];", "parentheses within each other"),
    "parentheses 2": (f"{TWO}rx({'(' * MANY}1{')' * MANY}) q[0];", "parentheses within each other"),
    "signs": (f"{THREE}rx({'-' * MANY}1) q[0];", "within each other"),
    "blocks": (THREE + "{" * MANY, "65 brackets within each other"),
    "doubling gates": (chain(90, "g{0} a; g{0} a;") + "qubit q; g89 q;", "events after expanding all gates"),
    "deep gates": (chain(5000, "g{0} a;") + "qubit q;", "101 gate definitions within each other"),
    "power": ("gate g a,b { cx a,b; h a; } qubit[2] q; pow(1000000000) @ g q[0],q[1];", "2000000000 events"),
    "powers": ("qubit q;" + "pow(9000000000000) @ " * 3000 + "rx(0.1) q;", "words in one statement"),
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
    "endless count": (f"{THREE}int n = 1; while (n > 0) {{ n = n + 1; }}", "2001 or more rounds of one loop"),
    "recursion of calls": ("def f(int n) -> int { return f(n); } int a = f(1);", "calls within each other"),
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


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_hostile_text_is_refused_with_its_place(name):
    text, message = TEXTS[name]
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm(text, name="hostile.qasm")
    assert found.value.where.startswith("hostile.qasm:")


@pytest.mark.parametrize(
    "name",
    ["doubling gates", "power", "qubits", "parentheses", "loop", "loops within loops", "endless loop", "many choices"],
)
def test_a_refusal_takes_little_memory(name):
    text, _ = TEXTS[name]
    tracemalloc.start()
    with pytest.raises(ProgramError):
        read_openqasm(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16e6


def test_branches_within_each_other_are_read_as_deep_as_brackets_may_be():
    program = read_openqasm("qubit q; bit c; h q; c = measure q;" + "if (c) { x q;" * 63 + "}" * 63)
    assert len(program.events) == 65


def test_the_text_itself_is_limited():
    with pytest.raises(ProgramError, match="101 characters of text; allowed: at most 100"):
        read_openqasm(" " * 101, limits=ReadLimits(characters=100))


def test_flat_gates_count_as_events_too():
    text = "qubit q;" + "x q;" * 50
    assert len(read_openqasm(text, limits=ReadLimits(events=50)).events) == 50
    with pytest.raises(ProgramError, match="events after expanding"):
        read_openqasm(text + "x q;", limits=ReadLimits(events=50))


def test_a_minus_zero_becomes_zero():
    program = read_openqasm("qubit q; rx(-0.0) q; rz(-0) q; U(-0.0, 0*-1.0, 1) q;")
    assert [str(angle) for angle in program.events["angle"][:, 0]] == ["0.0", "0.0", "0.0"]
