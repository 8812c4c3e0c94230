import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.instruments.mock.device import ScpiDevice
from qctl.instruments.mock.message import MAX_TEXT, GarbledMessageError, Scanner, Unit

payloads = st.binary(max_size=60)
words = st.from_regex(r"[A-Z]{1,5}( [A-Z0-9.]{1,6})?", fullmatch=True)


def plain(messages):
    return [
        [(u.header, [bytes(p) if isinstance(p, memoryview) else p for p in u.parameters]) for u in m] for m in messages
    ]


def block(payload):
    length = str(len(payload)).encode()
    return b"#%d%s%s" % (len(length), length, payload)


def scan(*pieces):
    scanner = Scanner()
    return plain(message for piece in pieces for message in scanner.feed(piece))


@given(payload=payloads, before=words, after=words, cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_block_holds_any_bytes_however_the_link_cuts_them(payload, before, after, cuts):
    sent = before.encode() + b'\nDATA "n",' + block(payload) + b"\n" + after.encode() + b"\r\n"
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    found = scan(*(sent[a:b] for a, b in pairwise(places)))
    assert found == scan(sent)
    assert found[1] == [("DATA", ['"n"', payload])]
    assert len(found) == 3


@given(payload=payloads)
def test_a_block_needs_no_terminator_behind_it(payload):
    assert scan(b"DATA " + block(payload) + b"NEXT?\n") == [[("DATA", [payload])], [("NEXT?", [])]]


def test_a_message_goes_on_behind_a_block():
    assert scan(b"A #13a;b,#12\n\n;*OPC?\n") == [[("A", [b"a;b", b"\n\n"]), ("*OPC?", [])]]


def test_newlines_commas_and_semicolons_in_strings_are_text():
    assert scan(b'TEXT "a;b,\n#15",\'c "d\'\r\n') == [[("TEXT", ['"a;b,\n#15"', "'c \"d'"])]]


def test_a_number_sign_that_opens_no_block_is_text():
    assert scan(b"VAL #HFF\nVAL #Q17,A#12\n") == [[("VAL", ["#HFF"])], [("VAL", ["#Q17", "A#12"])]]


def test_empty_messages_are_none():
    assert scan(b"\n\r\n;\n ; \n") == []


def test_bytes_that_are_no_message_are_refused():
    with pytest.raises(GarbledMessageError):
        scan(b"A" * (MAX_TEXT + 1))
    scanner = Scanner()
    list(scanner.feed(b"D #15ab"))
    with pytest.raises(GarbledMessageError):
        list(scanner.end())


def test_end_closes_a_message_without_newline():
    scanner = Scanner()
    assert list(scanner.feed(b"*IDN?")) == []
    assert list(scanner.end()) == [(Unit("*IDN?", ()),)]


def test_a_clear_forgets_half_a_message():
    scanner = Scanner()
    list(scanner.feed(b'DATA "n",#6000010ab'))
    assert scanner.unfinished
    scanner.forget()
    assert plain(scanner.feed(b"*IDN?\n")) == [[("*IDN?", [])]]


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_scanner(garbage):
    scanner = Scanner()
    try:
        for message in scanner.feed(garbage):
            assert message
    except GarbledMessageError:
        assert not scanner.unfinished


class Parser(ScpiDevice):
    """The instrument of libscpi's own tests."""

    def commands(self):
        return (
            ("TEST:TREEA?", lambda: "10"),
            ("TEST:TREEB?", lambda: "20"),
            ("TEXT?", lambda first, second: second),
            ("STUB", lambda: None),
        )


def test_dialogues_go_as_libscpi_has_them(shared):
    vectors = json.loads((shared / "vectors/scpi_patterns.json").read_text(encoding="utf-8"))
    device, scanner = Parser("MA,IN,0,VER"), Scanner()
    for sent, expected in vectors["parser_io"]:
        data = sent.encode("latin-1")
        messages = list(scanner.feed(data)) if data else list(scanner.end())
        replies = [reply for units in messages if (reply := device.execute(units)) is not None]
        assert b"".join(reply + b"\r\n" for reply in replies) == expected.encode("latin-1"), sent
