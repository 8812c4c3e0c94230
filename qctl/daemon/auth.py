"""Who is asking: the peer of a local socket, or the bearer of a token. Nobody is trusted for where they come from."""

from __future__ import annotations

import hashlib
import math
import os
import pwd
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from qctl.jobs.errors import InvalidJobError, UnknownJobError
from qctl.jobs.job import Actor
from qctl.jobs.sqlite import SqliteJobStore

from .table import Role

PREFIX = "qctl_"
FRESH = 0.5  # s after which tokens are read again: another process may have revoked one
LONGEST_LIFE = 366 * 86400.0
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as an administrator sees it; the secret itself is shown once, when it is made."""

    id: str
    user: str
    role: str
    label: str
    expires: float
    revoked: bool


class Tokens:
    """Tokens of a job store: only their SHA-256 is kept.

    Parameters
    ----------
    now : s since 1970
    """

    def __init__(self, store: SqliteJobStore, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self._live: dict[str, tuple[Actor, float]] = {}  # by hash: who, and until when
        self._read_at = -math.inf

    def make(self, maker: Actor, user: str, role: str, label: str, life: float) -> str:
        """Return a new secret for a user; it is shown here and never again."""
        if not _NAME.fullmatch(user) or role not in {one.name.lower() for one in Role if one > Role.NOBODY}:
            raise InvalidJobError(
                f"a token for {user!r} as {role!r}", allowed="a name, and viewer, user, operator or admin"
            )
        if not 0 < life <= LONGEST_LIFE:
            raise InvalidJobError(f"a life of {life:g} s", allowed=f"up to {LONGEST_LIFE:g} s")
        secret = PREFIX + secrets.token_urlsafe(32)
        row = (_hash(secret), user, role, label[:200], self._now() + life, 0)
        self._store.write(lambda db: db.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?)", row).fetchall())
        self._read_at = -math.inf
        self._store.note(maker, "new token", user=user, role=role, token=_hash(secret)[:16])
        return secret

    def revoke(self, maker: Actor, token: str) -> None:
        """End a token at once; raise UnknownJobError when there is none of that id."""
        query = "UPDATE token SET revoked = 1 WHERE substr(sha256, 1, 16) = ? RETURNING sha256"
        if not self._store.write(lambda db: db.execute(query, (token,)).fetchall()):
            raise UnknownJobError(f"no token {token[:16]!r}")
        self._read_at = -math.inf
        self._store.note(maker, "revoke token", token=token)

    def all(self) -> list[Token]:
        """Return all tokens."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT sha256, user, role, label, expires, revoked FROM token ORDER BY expires"
            ).fetchall()
        return [Token(str(s)[:16], str(u), str(r), str(n), float(e or 0), bool(v)) for s, u, r, n, e, v in rows]

    def bearer(self, secret: str) -> Actor | None:
        """Return who bears a token; None when it is unknown, ended or revoked, by whomever, for ``FRESH`` seconds."""
        if not 0 <= time.monotonic() - self._read_at < FRESH:
            self._read()
        actor, expires = self._live.get(_hash(secret), (None, 0.0))
        return actor if expires > self._now() else None

    def _read(self) -> None:
        read_at = time.monotonic()
        with self._store.reading() as db:
            rows: list[Any] = db.execute("SELECT sha256, user, role, expires FROM token WHERE revoked = 0").fetchall()
        self._live = {sha256: (Actor(user, role), expires) for sha256, user, role, expires in rows}
        self._read_at = read_at


@dataclass(frozen=True, slots=True)
class Peers:
    """Who may use the local socket, by user id.

    Parameters
    ----------
    others : role of everybody but root and the account that the daemon runs under
    """

    others: str = "user"

    def actor(self, uid: int) -> Actor:
        """Return who is at the other end."""
        role = "admin" if uid in (0, os.geteuid()) else self.others
        return Actor(_user_name(uid), role)


def role_of(actor: Actor | None) -> Role:
    """Return the role of an actor; NOBODY's when there is none."""
    return Role.NOBODY if actor is None else Role[actor.role.upper()]


@cache
def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid{uid}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
