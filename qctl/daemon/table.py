"""Who may do what: every endpoint with the least role that may call it. What is not here does not exist.

The API is registered from this table, the gate refuses by it, and the tests of all roles against all endpoints are made
from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each may do what those before it may."""

    NOBODY = 0  # not authenticated
    VIEWER = 1
    USER = 2
    OPERATOR = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One verb.

    Parameters
    ----------
    name : of the function that answers
    role : the least that may call it
    owned : its job must be the caller's own, unless the caller is an operator; else it looks as if there were none
    """

    method: str
    path: str
    name: str
    role: Role
    owned: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return what its paths look like."""
        return re.compile(re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(self.path)))


V, U, O, A = Role.VIEWER, Role.USER, Role.OPERATOR, Role.ADMIN  # noqa: E741 (a table is read in columns)
ENDPOINTS = (
    Endpoint("GET", "/healthz", "healthz", Role.NOBODY),
    Endpoint("GET", "/openapi.json", "document", V),
    Endpoint("GET", "/v1/status", "status", V),
    Endpoint("GET", "/v1/health", "health", V),
    Endpoint("GET", "/v1/capabilities", "capabilities", V),
    Endpoint("GET", "/v1/instruments", "instruments", V),
    Endpoint("GET", "/v1/calibration", "calibration", V),
    Endpoint("GET", "/v1/jobs", "jobs", V),
    Endpoint("POST", "/v1/jobs", "submit", U),
    Endpoint("GET", "/v1/jobs/{job}", "job", V, owned=True),
    Endpoint("GET", "/v1/jobs/{job}/why", "why", V, owned=True),
    Endpoint("GET", "/v1/jobs/{job}/program", "program", V, owned=True),
    Endpoint("GET", "/v1/jobs/{job}/events", "job_events", V, owned=True),
    Endpoint("GET", "/v1/jobs/{job}/result", "result", V, owned=True),
    Endpoint("GET", "/v1/jobs/{job}/result/file", "result_file", V, owned=True),
    Endpoint("GET", "/v1/jobs/{job}/segments", "segments", V, owned=True),
    Endpoint("POST", "/v1/jobs/{job}/cancel", "cancel", U, owned=True),
    Endpoint("POST", "/v1/jobs/{job}/hold", "hold", U, owned=True),
    Endpoint("POST", "/v1/jobs/{job}/resume", "resume", U, owned=True),
    Endpoint("GET", "/v1/events", "events", V),
    Endpoint("GET", "/v1/audit", "audit", A),
    Endpoint("POST", "/v1/backups", "back_up", A),
    Endpoint("GET", "/v1/tokens", "tokens", A),
    Endpoint("POST", "/v1/tokens", "new_token", A),
    Endpoint("POST", "/v1/tokens/{token}/revoke", "revoke_token", A),
)
_PATTERNS = tuple((one, one.pattern) for one in ENDPOINTS)


def endpoint_of(method: str, path: str) -> Endpoint | None:
    """Return the endpoint of a request, or None."""
    return next((one for one, pattern in _PATTERNS if one.method == method and pattern.fullmatch(path)), None)


def methods_of(path: str) -> tuple[str, ...]:
    """Return the methods that a path knows."""
    return tuple(one.method for one, pattern in _PATTERNS if pattern.fullmatch(path))
