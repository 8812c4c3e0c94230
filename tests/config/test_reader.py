"""Frozen dataclasses from files: what each kind of field takes, and how a mistake is answered."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest

from qctl.config import read
from qctl.core.errors import ConfigError
from qctl.core.laboratory import LimitEntry
from qctl.core.port import Port
from qctl.core.units import Unit


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, kw_only=True)
class Inner:
    length: Annotated[float, Unit("m")]

    def __post_init__(self) -> None:
        if self.length > 1e3:
            raise ConfigError("length is too long", allowed="up to 1 km")


@dataclass(frozen=True, kw_only=True)
class Everything:
    count: int
    ratio: float = 0.5
    word: str = "none"
    switch: bool = False
    colour: Colour = Colour.RED
    frequency: Annotated[float, Unit("Hz")] | None = None
    port: Port | None = None
    pair: tuple[str, int] | None = None
    times: tuple[Annotated[float, Unit("s")], ...] = ()
    inner: Inner | None = None
    inners: Mapping[str, Inner] = field(default_factory=dict)
    limit: LimitEntry | None = None
    found: str = field(default="", metadata={"derived": True})


@pytest.fixture
def answer(tmp_path):
    def answer(text: str) -> Everything:
        path = tmp_path / "some.yaml"
        path.write_text(text, encoding="utf-8")
        return read(path, Everything)

    return answer


def test_every_kind_of_field_is_read(answer):
    text = """
    count: 3
    ratio: 2
    word: "007"
    switch: true
    colour: green
    frequency: 5.1 GHz
    port: awg1.marker.2
    pair: [a, 1]
    times: [1 ns, 2.5 us]
    inner: {length: 2 mm}
    inners: {a: {length: 1 m}, b.c: {length: 3 um}}
    limit: {min: -1 mA, max: 1 mA, rate: 5 uA/s}
    """
    assert answer(text) == Everything(
        count=3, ratio=2.0, word="007", switch=True, colour=Colour.GREEN, frequency=5.1e9,
        port=Port("awg1", 2, marker=True), pair=("a", 1), times=(1e-9, 2.5e-6), inner=Inner(length=2e-3),
        inners={"a": Inner(length=1.0), "b.c": Inner(length=3e-6)},
        limit=LimitEntry(min=-1e-3, max=1e-3, rate=5e-6, unit="A"),
    )  # fmt: skip


def test_what_has_a_default_may_be_left_out(answer):
    assert answer("count: 1\n") == Everything(count=1)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("count: 1\nratoi: 2\n", "2:1", "unknown key 'ratoi'; allowed: count, ratio, .*did you mean 'ratio'?"),
        ("ratio: 1\n", "1:1", "key 'count' is missing; allowed: count: a whole number"),
        ("count: 1\nfound: x\n", "2:1", "unknown key 'found'"),
        ("count: 1.5\n", "1:8", "count: '1.5' is no whole number"),
        ("count: true\n", "1:8", "count: 'true' is no whole number"),
        ('count: "1"\n', "1:8", "count: '1' is no whole number; allowed: a whole number, without quotes"),
        ("count: 1\nratio: .inf\n", "2:8", "ratio: '.inf' is no number"),
        ("count: 1\nratio: .nan\n", "2:8", "no number"),
        ("count: 1\nratio: 1e400\n", "2:8", "no number"),
        ("count: 1\nratio: 1 V\n", "2:8", "'1 V' is no number; allowed: a finite number, without unit or quotes"),
        ("count: 1\nword: 12\n", "2:7", "word: '12' is no text; allowed: text; in quotes if it looks like a number"),
        ("count: 1\nword:\n", "2:6", "is no text"),
        ("count: 1\nswitch: on\n", "2:9", "switch: 'on' is neither true nor false"),
        ("count: 1\ncolour: grene\n", "2:9", "'grene' is none of the choices; .*red, green; did you mean 'green'?"),
        ("count: 1\nfrequency: 5.1e9\n", "2:12", "'5.1e9' has no unit; .*write '5.1e9 Hz' or '5.1 GHz'"),
        ("count: 1\nfrequency: 5.1GHz\n", "2:12", "'5.1GHz' is no quantity in Hz; .*GHz; did you mean '5.1 GHz'?"),
        ("count: 1\nfrequency: 5.1 Ghz\n", "2:12", "did you mean '5.1 GHz'?"),
        ("count: 1\nfrequency: 5.1 V\n", "2:12", "allowed: a number, a space and one of Hz, kHz, MHz, GHz"),
        ("count: 1\nfrequency: 1e999 Hz\n", "2:12", "beyond the range"),
        ("count: 1\nfrequency: null\n", "2:12", "'null' is no quantity"),
        ("count: 1\nport: 1.3\n", "2:7", "'1.3' is no port"),
        ("count: 1\nport: awg1.0\n", "2:7", "'awg1.0' is no port"),
        ("count: 1\npair: [a]\n", "2:1", "pair has 1 entries; allowed: exactly 2"),
        ("count: 1\npair: [a, b]\n", "2:11", "'b' is no whole number"),
        ("count: 1\npair: a\n", "2:7", "pair is 'a'; allowed: a list of 2"),
        ("count: 1\ntimes: [1 ns, 2]\n", "2:15", "'2' has no unit"),
        ("count: 1\ninner: 2 mm\n", "2:8", "inner is '2 mm'; allowed: a table with the keys length"),
        ("count: 1\ninner: {length: 2 km}\n", "2:17", "no quantity in m"),
        ("count: 1\ninner: {length: 2e6 mm}\n", "2:1", "length is too long; allowed: up to 1 km"),
        ("count: 1\ninners: [a]\n", "2:1", "inners is a list; allowed: names, each with its value"),
        ("count: 1\nlimit: {min: 1 V, max: 2 A}\n", "2:24", "max is in A, but min is in V; allowed: one unit"),
        ("[1, 2]\n", "1:1", "the file is a list; allowed: a table with the keys count, ratio"),
    ],
)  # fmt: skip
def test_a_mistake_says_place_what_was_read_what_is_allowed_and_what_was_meant(answer, text, place, said):
    with pytest.raises(ConfigError, match=said.replace("?", r"\?").replace("[", r"\[")) as caught:
        answer(text)
    assert f"some.yaml:{place}: " in str(caught.value)


def test_all_mistakes_of_a_file_come_at_once_in_order_of_their_places(answer):
    with pytest.raises(ConfigError) as caught:
        answer("colour: blue\nratio: x\nratio: 3\ncount: y\nwrod: z\n")
    assert [mistake.where.split(":", 1)[1] for mistake in caught.value.mistakes] == ["1:9", "2:8", "3:1", "4:8", "5:1"]
    assert str(caught.value) == "\n".join(map(str, caught.value.mistakes))


def test_a_file_of_nothing_but_mistakes_lists_a_hundred_and_counts_the_rest(answer):
    with pytest.raises(ConfigError) as caught:
        answer("".join(f"unknown{n}: 1\n" for n in range(3000)))
    assert len(caught.value.mistakes) == 101
    assert "2901 more mistakes" in str(caught.value.mistakes[-1])


def test_the_list_of_mistakes_crosses_process_borders(answer):
    with pytest.raises(ConfigError) as caught:
        answer("count: x\nratio: y\n")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert [str(mistake) for mistake in copy.mistakes] == [str(mistake) for mistake in caught.value.mistakes]


def test_a_file_that_is_not_there_is_a_mistake_that_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read: No such file"):
        read(tmp_path / "nowhere.yaml", Everything)
    with pytest.raises(ConfigError, match="cannot be read"):
        read(Path(tmp_path), Everything)


def test_an_annotation_that_no_file_can_hold_is_a_programming_error(tmp_path):
    @dataclass(frozen=True)
    class Impossible:
        number: complex

    (tmp_path / "a.yaml").write_text("number: 1\n")
    with pytest.raises(TypeError, match="complex"):
        read(tmp_path / "a.yaml", Impossible)
