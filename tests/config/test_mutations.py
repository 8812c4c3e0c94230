"""Every key of a laboratory file: removed, doubled, renamed, of another type. Nothing goes unnoticed."""

import re

import pytest

from qctl.config.mistakes import Mistakes
from qctl.config.nodes import Listing, Scalar
from qctl.config.yaml_tree import parse

# Keys that a person may leave out, by the pattern of their path.
OPTIONAL = re.compile(
    r"lines\.[^ ]+ (delay|return_delay|attenuation)"
    r"|instruments\.\w+ trigger_latency"
    r"|safe\.\w+ order"
    r"|first_guess\.q\d (t1|t2|x180.duration|x90.duration|readout.amplitude|readout.duration)"
    r"|first_guess\.q\d-q\d cz.duration"
    r"|first_guess\.[\w-]+.flux bias"
    r"|first_guess (q\d-q\d|.*\.flux)"
)

# Mutations that make another good file: the name of a trigger line is used nowhere else, and 17 is an order.
GOOD = {("lines.trigger", "renamed"), *((f"safe.bias_{name}.order", "a number") for name in (
    "q0", "q1", "q2", "q3", "q4", "q0_q1", "q1_q2", "q2_q3", "q3_q4"))}  # fmt: skip


def plain(node):
    """Return a tree as nested dicts of texts, every value as it is written in a block."""
    if isinstance(node, Scalar):
        return node.text if node.plain else f'"{node.text}"'
    if isinstance(node, Listing):
        return f"[{', '.join(plain(item) for item in node.items)}]"
    return {key: plain(child) for key, child in node.entries.items()}


def written(table, depth=0, steps=()):
    """Yield (path, line of YAML) with one key a line."""
    for key, value in table.items():
        head = f"{'  ' * depth}{key}:"
        yield (*steps, key), head if isinstance(value, dict) else f"{head} {value}"
        if isinstance(value, dict):
            yield from written(value, depth + 1, (*steps, key))


@pytest.fixture(scope="module")
def lines(transmon5):
    return list(written(plain(parse(transmon5.encode(), Mistakes("transmon5")))))


def block(lines, at):
    """Return how many lines the key at index ``at`` and what it holds take."""
    steps = lines[at][0]
    end = at + 1
    while end < len(lines) and lines[end][0][: len(steps)] == steps:
        end += 1
    return end - at


def in_place(line):
    """Return the mutations of a key that leave it where it is."""
    head = line.split(":")[0]
    return {
        "doubled": None,
        "a list": f"{head}: [1, 2]",
        "a table": f"{head}: {{nothing: 1}}",
        "empty": f"{head}:",
        "a number": f"{head}: 17",
        "a truth value": f"{head}: true",
        "nonsense": f"{head}: some nonsense",
        "another unit": f"{head}: 5 parsec",
    }


def places(found):
    """Return the lines of all mistakes; each has one."""
    return [int(re.fullmatch(r".*lab\.yaml:(\d+):\d+", mistake.where)[1]) for mistake in found]


@pytest.fixture(scope="module")
def tables(lines):
    return [at for at in range(len(lines)) if block(lines, at) > 1]


def test_the_file_written_one_key_a_line_is_still_right(lines, mistakes_in):
    assert mistakes_in("\n".join(line for _, line in lines)) == ()


@pytest.mark.parametrize("name", ["removed", "renamed"])
def test_no_key_can_be_removed_or_renamed_unnoticed(name, lines, mistakes_in):
    silent = []
    for at, (steps, line) in enumerate(lines):
        n, key = block(lines, at), steps[-1]
        renamed = [line.replace(f"{key}:", f"{key}x:", 1)] if name == "renamed" else []
        own = [*renamed, *(text for _, text in lines[at + 1 : at + n])] if renamed else []
        text = [*(text for _, text in lines[:at]), *own, *(text for _, text in lines[at + n :])]
        optional = name == "removed" and OPTIONAL.fullmatch(" ".join((".".join(steps[:-1]), key)))
        if not places(mistakes_in("\n".join(text))) and not optional and (".".join(steps), name) not in GOOD:
            silent.append(steps)
    assert silent == []


@pytest.mark.parametrize("name", in_place(""))
def test_a_table_replaced_by_something_else_is_answered_at_its_place(name, lines, tables, mistakes_in):
    lost = []
    for at in tables:
        n = block(lines, at)
        own = [text for _, text in lines[at : at + n]]
        own = own + own if name == "doubled" else [in_place(lines[at][1])[name]]
        text = [*(text for _, text in lines[:at]), *own, *(text for _, text in lines[at + n :])]
        if not set(places(mistakes_in("\n".join(text)))) & set(range(at + 1, at + 1 + len(own))):
            lost.append(lines[at][0])
    assert lost == []


@pytest.mark.parametrize("name", in_place(""))
def test_values_replaced_all_over_the_file_are_all_answered_at_once(name, lines, tables, mistakes_in):
    lost, stride = [], 16
    leaves = [at for at in range(len(lines)) if at not in tables]
    for first in range(stride):
        changed, text, expected = set(leaves[first::stride]), [], {}
        for at, (steps, line) in enumerate(lines):
            text += ([line, line] if name == "doubled" else [in_place(line)[name]]) if at in changed else [line]
            if at in changed and (".".join(steps), name) not in GOOD:
                expected[len(text)] = steps
        found = places(mistakes_in("\n".join(text)))
        lost += [steps for line, steps in expected.items() if line not in found]
    assert lost == []
