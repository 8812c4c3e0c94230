"""Binary blocks by the letter of IEEE 488.2-1992, chapter 8.7.9 (definite) and 8.7.10 (indefinite)."""

from __future__ import annotations

from qctl.core.errors import TransportError

MAX_BYTES = 999_999_999  # nine digits of length


def header_of(n_bytes: int) -> bytes:
    """Return ``#``, the number of digits and the length of a definite block."""
    if not 0 <= n_bytes <= MAX_BYTES:
        raise TransportError(f"a block of {n_bytes} bytes", allowed=f"at most {MAX_BYTES}", remedy="send it in parts")
    length = b"%d" % n_bytes
    return b"#%d%s" % (len(length), length)


def block_span(head: bytes, most: int) -> tuple[int, int] | None:
    """Return where the payload of a definite block starts and how long it is, or None while the header is incomplete.

    Parameters
    ----------
    head : first bytes of the block
    most : bytes that are accepted

    Raises
    ------
    TransportError
        When the header is none, or announces more.
    """
    if head[:1] not in (b"", b"#") or head[1:2] not in b"123456789":
        raise TransportError(f"{head[:16]!r} where a block should start", allowed="# and a digit from 1 to 9")
    if len(head) < 2 or len(head) < 2 + int(head[1:2]):
        return None
    start = 2 + int(head[1:2])
    length = head[2:start]
    if not length.isdigit() or int(length) > most:
        raise TransportError(f"block header {head[:start]!r}", allowed=f"at most {most} bytes")
    return start, int(length)


def payload_start(head: bytes, n_bytes: int, *, indefinite: bool = False) -> int | None:
    """Return where the payload starts, or None while the header is incomplete.

    Parameters
    ----------
    head : first bytes of the reply
    n_bytes : the only length that is accepted
    indefinite : the instrument is declared to answer ``#0``, payload, newline

    Raises
    ------
    TransportError
        When the header is anything but the declared one; nothing is allocated for a wrong length.
    """
    if head[:1] not in (b"", b"#"):
        raise TransportError(f"{head[:16]!r} where a block should start", allowed="#")
    if indefinite:
        if head[1:2] not in (b"", b"0"):
            raise TransportError(f"block header {head[:12]!r}", allowed="#0, as declared by the driver")
        return 2 if len(head) >= 2 else None
    digits = head[1:2]
    if digits not in b"123456789":
        raise TransportError(f"block header {head[:12]!r}", allowed="# and a digit from 1 to 9")
    if len(head) < 2 or len(head) < 2 + int(digits):
        return None
    start = 2 + int(digits)
    length = head[2:start]
    if not length.isdigit() or int(length) != n_bytes:
        raise TransportError(f"block header {head[:start]!r}", allowed=f"exactly {n_bytes} bytes")
    return start
