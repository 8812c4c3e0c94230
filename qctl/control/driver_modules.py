"""Driver modules by name: refused by their text where it tells enough, imported only where it does not."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from types import ModuleType

from qctl.config.mistakes import similar
from qctl.core.errors import ConfigError

_BLOCKS = (
    ast.If,
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.For,
    ast.While,
)  # statements whose parts run in the module's own scope


def class_of(module_name: str, class_name: str, where: str) -> type:
    """Return a class of a module, which is imported once its text shows that it may hold that class.

    Raises
    ------
    ConfigError
        When there is no such module or no such class, or importing it fails.
    """
    if module_name.partition(".")[0] in sys.stdlib_module_names:
        raise ConfigError(
            f"driver module {module_name!r} is a part of Python",
            allowed="a module that holds a driver, as qctl.instruments.NAME",
            where=where,
            remedy="name the driver of this instrument",
        )
    if module_name not in sys.modules:
        _refuse_unimported(module_name, class_name, where)
    module = _imported(module_name, where)
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise _no_class(module_name, class_name, classes_of(module), where)
    return found


def classes_of(module: ModuleType) -> list[str]:
    """Return the names of a module's public classes: those written there, else those that it has."""
    there = {name: one for name, one in vars(module).items() if isinstance(one, type) and not name.startswith("_")}
    return sorted(name for name, one in there.items() if one.__module__ == module.__name__) or sorted(there)


def _imported(name: str, where: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as reason:  # whatever a module does when it is imported
        said = f"{type(reason).__name__}: {reason}"
        raise ConfigError(
            f"driver module {name!r} cannot be imported ({said})",
            where=where,
            remedy="install what it needs, or correct the name",
        ) from reason


def _refuse_unimported(name: str, class_name: str, where: str) -> None:
    """Refuse a module that is not there, or whose text shows that the class is not."""
    spec, beside = _found(name)
    if spec is None:
        last = name.rpartition(".")[2]
        raise ConfigError(
            f"there is no driver module {name!r}",
            allowed=", ".join(beside),
            where=where,
            remedy=similar(last, beside) or "install the package that holds it, or correct the name",
        )
    try:
        text = spec.loader.get_source(name) if isinstance(spec.loader, InspectLoader) else None
        if text is None or re.search(rf"^class {class_name}\b", text, re.MULTILINE):
            return
        statements = list(_own(ast.parse(text).body))
    except (SyntaxError, ValueError, ImportError) as reason:  # ImportError: the text cannot be decoded
        raise ConfigError(f"driver module {name!r} is no Python ({reason})", where=where) from reason
    names = {name for statement in statements for name in _bound(statement)}
    if names.isdisjoint((class_name, "*", "__getattr__")):
        classes = [each.name for each in statements if isinstance(each, ast.ClassDef)]
        raise _no_class(name, class_name, sorted(one for one in classes if not one.startswith("_")), where)


def _no_class(module: str, name: str, classes: list[str], where: str) -> ConfigError:
    return ConfigError(
        f"driver module {module!r} has no class {name!r}",
        allowed=", ".join(classes) or "none: it has no class of its own",
        where=where,
        remedy=similar(name, classes) or "name the class of the driver",
    )


def _found(name: str) -> tuple[ModuleSpec | None, list[str]]:
    """Find a module as import does, but without running the packages above it; else what stands beside it."""
    spec, path = None, None
    words = name.split(".")
    for k in range(1, len(words) + 1):
        full = ".".join(words[:k])
        found = (finder.find_spec(full, path) for finder in sys.meta_path)
        spec = next((each for each in found if each is not None), None) if words[k - 1] else None
        if spec is None:
            return None, sorted(each.name for each in pkgutil.iter_modules(path or []))
        path = spec.submodule_search_locations
        if path is None and k < len(words):
            return None, []
    return spec, []


def _own(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module's own scope, those in its conditions and attempts too."""
    for statement in body:
        yield statement
        if isinstance(statement, _BLOCKS):
            for part in ("body", "orelse", "finalbody"):
                yield from _own(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", []):
                yield from _own(handler.body)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that may become classes by a statement; functions are none, but for ``__getattr__``."""
    if isinstance(statement, ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.FunctionDef):
        yield from {"__getattr__"} & {statement.name}
    elif isinstance(statement, ast.ImportFrom | ast.Import):
        yield from (alias.asname or alias.name for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
