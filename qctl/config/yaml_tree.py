"""Strict YAML: text becomes a tree of nodes with places; nothing is guessed, nothing is executed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

import yaml

from .mistakes import Mistakes, Place, shown
from .nodes import Listing, Node, Scalar, Table

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_NODES = 22_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is 10 times faster; not every build of PyYAML has it


def parse(content: bytes, mistakes: Mistakes) -> Node | None:
    """Return the tree of one document, or None when what is wrong leaves no tree to speak of.

    Parameters
    ----------
    content : at most 256 KiB of UTF-8
    mistakes : receives what is wrong; a doubled key is noted and reading goes on
    """
    start = Place(1, 1)
    if len(content) > MAX_BYTES:
        mistakes.add(start, f"{len(content)} bytes", f"at most {MAX_BYTES} bytes")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        mistakes.add(Place(line, 1), f"byte 0x{content[error.start]:02x} is no UTF-8", "text in UTF-8")
        return None
    try:
        root = _Builder(mistakes).build(_few_events(text, mistakes))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else start
        said = ", ".join(str(part) for part in (error.context, error.problem) if part)
        mistakes.add(place, f"no YAML: {shown(said, 200)}")
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        mistakes.add(Place(line, 1), f"no YAML: {error.reason}", "printable characters")
        return None
    except _RefusedError:
        return None
    if root is None:
        mistakes.add(start, "nothing is written here", "keys and their values")
    return root


_VALUES = frozenset({yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent})


def _few_events(text: str, mistakes: Mistakes) -> list[yaml.Event]:
    """Return all events; too many values are refused before a node is made of any."""
    loader, events, n_values = _LOADER(text), [], 0
    event = loader.get_event()
    while event is not None:
        events.append(event)
        n_values += type(event) in _VALUES
        if n_values > MAX_NODES:
            _refuse(mistakes, event, f"more than {MAX_NODES} values", f"at most {MAX_NODES}")
        event = loader.get_event()
    return events


class _RefusedError(Exception):
    """Reading cannot go on; the mistake is noted."""


def _refuse(mistakes: Mistakes, event: yaml.Event, asked: str, allowed: str) -> NoReturn:
    mistakes.add(_place(event), asked, allowed)
    raise _RefusedError


class _Builder:
    """Events to nodes with a stack of our own: hostile nesting ends at a limit, never in a full stack."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.root: Node | None = None
        self.n_documents = 0
        self.open: list[Listing | Table] = []
        self.key: list[Scalar | None] = []  # of each open table: the key whose value comes next

    def build(self, events: Iterable[yaml.Event]) -> Node | None:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.n_documents += 1
                if self.n_documents > 1:
                    self.refuse(event, "a second document", "one document in a file")
            elif isinstance(event, yaml.AliasEvent):
                self.refuse(event, f"alias '*{shown(event.anchor or '')}'", "every value written out")
            elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
                self.start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self.open.pop()
                self.key.pop()
        return self.root

    def refuse(self, event: yaml.Event, asked: str, allowed: str) -> NoReturn:
        _refuse(self.mistakes, event, asked, allowed)

    def start(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        """Begin the node of one event: check what is never allowed, hang it into the tree, descend."""
        if event.anchor is not None:
            self.refuse(event, f"anchor '&{shown(event.anchor)}'", "every value written out")
        if event.tag is not None:
            self.refuse(event, f"tag {shown(event.tag)!r}", "values without tags")
        if isinstance(event, yaml.ScalarEvent):
            self.hang(Scalar(_place(event), event.value, plain=event.style is None or event.style == ""), event)
            return
        node = Listing(_place(event)) if isinstance(event, yaml.SequenceStartEvent) else Table(_place(event))
        self.hang(node, event)
        self.open.append(node)
        self.key.append(None)
        if len(self.open) > MAX_DEPTH:
            self.refuse(event, f"nested more than {MAX_DEPTH} deep", f"at most {MAX_DEPTH} levels")

    def hang(self, node: Node, event: yaml.NodeEvent) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent, Listing):
            parent.items.append(node)
            return
        key = self.key[-1]
        if key is None:
            if not isinstance(node, Scalar) or not isinstance(node.value(), str):
                said = shown(node.text) if isinstance(node, Scalar) else "a list or table"
                self.refuse(event, f"{said!r} as a key", "names as keys")
            self.key[-1] = node if isinstance(node, Scalar) else None
            return
        if key.text in parent.entries:
            first = parent.keys[key.text]
            self.mistakes.add(
                key.place, f"key {shown(key.text)!r} a second time", f"each key once; first on line {first.line}"
            )
        else:
            parent.entries[key.text] = node
            parent.keys[key.text] = key.place
        self.key[-1] = None


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)
