"""What README and docs tell a reader to type exists: commands, options, files, links, tests."""

import re
from functools import cache
from pathlib import Path

import click
import pytest

from qctl.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?:^|`|\$ |&& )(qctl [a-z]|python [a-z-]|pytest )(?P<rest>[^`\n#]*)", re.MULTILINE)
PYTEST = {"--benchmark-only", "--benchmark-skip", "--durations", "--dist"}


def commands(page):
    """Yield the words of each command of a page, in code only: prose is between."""
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    for piece in code:
        for match in COMMAND.finditer(piece):
            yield (match.group(1) + match.group("rest")).split()


def options_of(command):
    found = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return found | {"--help"}


def unknown_to_qctl(words):
    """Return the words of a ``qctl`` command that it does not know."""
    command, known = cli, options_of(cli)
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-") and re.fullmatch(r"[a-z-]+", word):
            command = command.get_command(click.Context(command), word)
            if command is None:
                return [word]
            known |= options_of(command)
    return [flag for flag in flags(words) if flag not in known]


def flags(words):
    return [flag for word in words if word.startswith(("-", "[-")) for flag in re.findall(r"--[a-z][a-z-]*", word)]


@cache
def text_of(file):
    return (ROOT / file).read_text(encoding="utf-8")


def unknown_to_python(words):
    """Return files that do not exist, and options that they and what they import from beside them do not name."""
    script = words[0]
    if not script.endswith(".py"):
        return []
    if not (ROOT / script).is_file() or "__main__" not in text_of(script):
        return [script]
    beside = [p.name for p in (ROOT / script).parent.glob("*.py") if re.search(rf"\b{p.stem}\b", text_of(script))]
    texts = [text_of(script), *(text_of(Path(script).parent / name) for name in beside)]
    return [flag for flag in flags(words) if not any(flag in text for text in texts)]


def unknown_to_pytest(words):
    """Return files and tests that do not exist, and options that nobody added."""
    added = set(re.findall(r'"(--[a-z-]+)"', text_of("conftest.py"))) | PYTEST
    missing = [flag for flag in flags(words) if flag not in added]
    for word in words:
        file, _, test = word.partition("::")
        if file.startswith(("tests", "bench")) and not (ROOT / file).exists():
            missing.append(word)
            continue
        if test and f"def {test.partition('[')[0]}(" not in text_of(file):
            missing.append(word)
    return missing


LOOK = {"qctl": unknown_to_qctl, "python": unknown_to_python, "pytest": unknown_to_pytest}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_can_be_typed(page):
    wrong = {" ".join(words): bad for words in commands(page) if (bad := LOOK[words[0]](words[1:]))}
    assert wrong == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    inner = [target for target in targets if "://" not in target]
    assert [target for target in inner if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:qctl|tests|bench|configs|ext|instruments|docs)/[\w/.-]+)`", text)
    assert [name for name in named if not any(ROOT.glob(re.sub("[A-Z]{3,}", "*", name)))] == []


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("qctl rnu bell.qasm", "rnu"),
        ("qctl cal history q3.t1 --sicne 7d", "--sicne"),
        ("python bench/study_ions.py --sedes 1-3", "--sedes"),
        ("python bench/bench_render.py", "bench/bench_render.py"),
        ("pytest tests/nowhere.py", "tests/nowhere.py"),
        ("pytest --crash-ruonds 3", "--crash-ruonds"),
    ],
)
def test_what_cannot_be_typed_is_found(typed, wrong):
    words = typed.split()
    assert LOOK[words[0]](words[1:]) == [wrong]
