"""The house stays as it was drawn: layers, no cycles, small files, words that mean something."""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Top first. A layer may import those below it and itself; names on one line do not know each other.
LAYERS = (
    ("cli", "daemon", "integrations"),
    ("client",),
    ("report", "plot"),
    ("jobs",),
    ("experiments", "conformance"),
    ("calibrate",),
    ("run",),
    ("frontends", "compile", "control", "readout", "store"),
    ("judge",),
    ("config",),  # asks platforms what their laboratory files must wire
    ("platforms", "instruments", "physics"),
    ("transport",),
    ("kernels", "core"),
)
RANK = {name: len(LAYERS) - level for level, names in enumerate(LAYERS) for name in names}
FREE = {"_version"}  # the version may be read from anywhere

# The doors in the wall: the mock rack plays the simulated world, the rack command starts it, the judge knows it, and
# only the twin command asks the judge.
DOORS = {
    ("instruments", "physics"): "instruments/mock/",
    ("cli", "physics"): "qctl/cli/rack.py",
    ("cli", "instruments"): "qctl/cli/rack.py",
    ("cli", "judge"): "qctl/cli/twin.py",
}
TRUTH = {"physics", "instruments", "judge"}
FORBIDDEN = {
    "cli": TRUTH,
    "run": TRUTH | {"platforms"},
    "instruments": {"kernels"},
    "judge": {"instruments"},
}
BLIND = (
    *("integrations", "daemon", "client", "jobs", "experiments", "calibrate"),
    *("frontends", "compile", "control", "readout", "store"),
)
FORBIDDEN |= dict.fromkeys(BLIND, TRUTH)

MAX_LINES = 400
MAX_TEST_LINES = 400
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = ("qctl", *parts) if parts[0] == "instruments" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for folder in ("qctl", "instruments") for path in (ROOT / folder).rglob("*.py")}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text(encoding="utf-8"))


def imports(module: str, *, at_start_only: bool) -> set[str]:
    """Return the modules of qctl that ``module`` imports, wherever in the file or only when it is loaded."""
    path = SOURCES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree, found = tree_of(module), set()
    for node in statements_at_start(tree) if at_start_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            target = ".".join([*up, *([node.module] if node.module else [])])
            found |= {f"{target}.{a.name}" if f"{target}.{a.name}" in SOURCES else target for a in node.names}
    return {name for name in found if name.split(".")[0] == "qctl"}


def statements_at_start(tree: ast.Module) -> list[ast.stmt]:
    """Return what runs when the file is loaded: not the insides of functions, not what only type checkers see."""
    todo, found = list(tree.body), []
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            todo += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            todo += [*node.body, *node.orelse, *node.finalbody]
        elif isinstance(node, ast.ClassDef | ast.With):
            todo += node.body
    return found


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def climbing(module: str) -> list[str]:
    """Return what a module imports though it may not."""
    here, path = layer(module), SOURCES[module].relative_to(ROOT).as_posix()
    if not here or here in FREE:
        return []
    if here not in RANK:
        return [f"{module} belongs to no layer: name its folder in LAYERS"]
    wrong = []
    for target in imports(module, at_start_only=False):
        there = layer(target)
        door = DOORS.get((here, there))
        if there in {here, ""} | FREE or (door is not None and path.startswith(door)):
            continue
        if RANK[here] <= RANK[there]:
            wrong.append(f"{module} imports {target}, which does not lie below it")
        if there in FORBIDDEN.get(here, set()):
            wrong.append(f"{module} imports {target}: nobody but the mock rack may")
    return wrong


def test_modules_import_only_what_lies_below_them():
    assert [said for module in sorted(SOURCES) for said in climbing(module)] == []


def test_no_import_goes_round_in_a_circle():
    graph = {module: imports(module, at_start_only=True) & SOURCES.keys() - {module} for module in SOURCES}
    # Importing a neighbour runs its package's __init__ first; that is no import of the package by the module.
    for module, targets in graph.items():
        targets -= {parent for parent in targets if module.startswith(parent + ".") and parent == "qctl"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


@pytest.mark.parametrize("folder", ["qctl", "instruments", "ext", "tests", "bench"])
def test_every_file_is_small_enough_to_say_one_thing(folder):
    longest = MAX_TEST_LINES if folder in {"tests", "bench"} else MAX_LINES
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".pyx", ".pxd", ".h"}]
    assert files, f"{folder}/ holds no source file"
    too_long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text("utf-8").splitlines())) > longest}
    assert not too_long


def test_no_file_has_an_empty_name():
    assert not {module for module in SOURCES if EMPTY_WORDS & set(re.split(r"[._]", module))}


def test_every_compiled_kernel_has_its_twin():
    compiled = {path.stem for path in (ROOT / "ext").glob("*.pyx")}
    twins = {path.stem for path in (ROOT / "qctl/kernels").glob("*.py")} - {"__init__"}
    assert compiled == twins


def test_modules_say_first_what_they_are_for():
    first = {module: (ast.get_docstring(tree_of(module)) or "").partition("\n")[0].rstrip() for module in SOURCES}
    assert {module: line for module, line in first.items() if not line.endswith((".", "?", "!"))} == {}


FORBIDDEN_CALLS = re.compile(r"eval|exec|print|__import__|yaml\.load|(pickle|marshal)\..*|os\.system")


def called(module: str) -> set[str]:
    """Return the functions that a module calls by a name, or by a name in another."""
    functions = [node.func for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    plain = {node.id for node in functions if isinstance(node, ast.Name)}
    dotted = [node for node in functions if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return plain | {f"{node.value.id}.{node.attr}" for node in dotted}


def test_no_code_is_made_from_text_and_nothing_is_pickled():
    wrong = {module: name for module in SOURCES for name in called(module) if FORBIDDEN_CALLS.fullmatch(name)}
    assert wrong == {}
    assert [m for m, path in SOURCES.items() if "allow_pickle=True" in path.read_text(encoding="utf-8")] == []


def test_only_what_serves_needs_what_windows_lacks():
    """A daemon and simulated instruments are for Linux; library, client and commands are loaded anywhere."""
    serving = ("qctl.daemon", "qctl.jobs.process", "qctl.jobs.worker", "qctl.jobs.calibration", "qctl.instruments.mock")
    todo, seen = [name for name in SOURCES if not name.startswith(serving)], set()
    while todo:
        module = todo.pop()
        if module not in seen and module in SOURCES:
            seen.add(module)
            todo += imports(module, at_start_only=True)
    assert {module: lacking for module in seen if (lacking := lacking_elsewhere(module))} == {}


def lacking_elsewhere(module: str) -> set[str]:
    """Return what a module imports when it is loaded that only some systems have."""
    found = set()
    for node in statements_at_start(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
    return found & {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
