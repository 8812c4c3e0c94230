"""Strict YAML: what is read, and what is refused at once."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qctl.config.mistakes import Mistakes
from qctl.config.nodes import Scalar, Table
from qctl.config.yaml_tree import MAX_BYTES, parse


def read(text: str):
    """Return the value of the only key ``x``."""
    mistakes = Mistakes("a.yaml")
    root = parse(f"x: {text}\n".encode(), mistakes)
    assert not len(mistakes), mistakes.all()
    return root.entries["x"].value()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5.1e9", 5.1e9), ("1e3", 1000.0), ("010", 10), ("0o10", 8), ("0x1F", 31), ("+7", 7), (".5", 0.5),
        ("-1.", -1.0),
        ("on", "on"), ("off", "off"), ("NO", "NO"), ("yes", "yes"), ("12:30:45", "12:30:45"), ("1_000", "1_000"),
        ("2001-12-14", "2001-12-14"), ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ('"12"', "12"), ("'true'", "true"), ("5 GHz", "5 GHz"), ("<<", "<<"), ("=", "="), ("0b11", "0b11"),
    ],
)  # fmt: skip
def test_scalars_are_read_by_the_core_schema_of_yaml_1_2(text, value):
    assert read(text) == value
    assert type(read(text)) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.INF", "1e400", "-1e999"])
def test_infinite_numbers_are_read_as_such_and_no_field_takes_them(text):
    assert abs(read(text)) == float("inf")


def test_a_number_of_five_thousand_digits_is_text():
    assert read("1" * 5000) == "1" * 5000


def test_every_key_and_value_knows_its_place():
    root = parse(b"a: 1\nb:\n  - {c: 2,\n     d: 3}\n", Mistakes("a.yaml"))
    inner = root.entries["b"].items[0]
    assert (root.keys["b"], inner.place) == ((2, 1), (3, 5))
    assert (inner.keys["d"], inner.entries["d"].place) == ((4, 6), (4, 9))


HOSTILE = {
    "an alias bomb": "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
    "an anchor": "a: &here 1\n",
    "an alias": "a: *here\n",
    "a tag that runs code": "a: !!python/object/apply:os.system ['true']\n",
    "a standard tag": "a: !!str 5\n",
    "a tag of our own": "a: !laboratory 5\n",
    "a non-specific tag": "a: ! 5\n",
    "a merge key": "a: {<<: {b: 1}}\nb: &x 1\n",
    "lists nested deep": "a: " + "[" * 100_000,
    "lists and tables nested deep": "a: " + "[{a: " * 20_000,
    "block lists nested deep": "- " * 100_000,
    "keys nested deep": "? " * 100_000,
    "tables nested deep in lines": "\n".join(" " * n + f"k{n}:" for n in range(600)),
    "many values": "a: [" + "1," * 120_000 + "]",
    "many keys": "".join(f"k{n}: v\n" for n in range(25_000)),
    "too many bytes": "a: " + "x" * MAX_BYTES,
    "two documents": "a: 1\n---\nb: 2\n",
    "a second document after an end": "a: 1\n...\nb: 2\n",
    "a NUL": "a: \x00\n",
    "an escape": "a: \x1b[31m\n",
    "a tab as indentation": "a:\n\tb: 1\n",
    "an open quote": 'a: "' + "x" * 100_000,
    "an open list": "a: [1, 2\nb: 3\n",
    "a list as key": "[a, b]: c\n",
    "a table as key": "{a: b}: c\n",
    "a number as key": "1: c\n",
    "an empty key": ": c\n",
    "nothing": "",
    "only comments": "# nothing\n# here\n",
    "an unknown directive": "%EVAL now\n---\na: 1\n",
    "a key twice": "a: 1\nb: 2\na: 3\n",
    "a key twice, quoted": 'a: 1\n"a": 3\n',
    "a key twice in a flow": "x: {a: 1, a: 2}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_with_a_place_and_fast(name):
    mistakes = Mistakes("a.yaml")
    before = time.process_time()
    parse(HOSTILE[name].encode(), mistakes)
    assert time.process_time() - before < 2.0  # generous: without limits some of these take minutes
    assert len(mistakes)
    assert all(mistake.where.startswith("a.yaml:") for mistake in mistakes.all())
    assert all(len(str(mistake)) < 500 and str(mistake).isprintable() for mistake in mistakes.all())


@pytest.mark.parametrize("content", [b"\xff\xfe\x00a", b"a: \xc3\x28\n", b"\x80", b"a: 1\nb: \xed\xa0\x80\n"])
def test_bytes_that_are_no_utf8_are_refused(content):
    mistakes = Mistakes("a.yaml")
    assert parse(content, mistakes) is None
    assert "UTF-8" in str(mistakes.all()[0])


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert list(parse(b"\xef\xbb\xbfa: 1\n", Mistakes("a.yaml")).entries) == ["a"]


@settings(max_examples=400, deadline=None)
@given(st.text(st.sampled_from(list("ab:-?,[]{}&*!|>'\"%@`#\n \t0.e~\\<=\x00\u2028é")), max_size=60))
@example("a: {b: [c, {d: 'e'}]}")
@example("- - - a")
def test_any_text_gives_a_tree_or_mistakes_and_never_another_error(text):
    mistakes = Mistakes("a.yaml")
    root = parse(text.encode(), mistakes)
    assert root is not None or len(mistakes)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_tree_or_mistakes_and_never_another_error(content):
    mistakes = Mistakes("a.yaml")
    assert isinstance(parse(content, mistakes), Scalar | Table | object)
    assert parse(content, Mistakes("a.yaml")) is not None or len(mistakes)
