"""Every role against every endpoint and every kind of object, made from the table: what is not allowed is refused."""

import pytest
from api_world import ROLES
from job_world import PROGRAM

from qctl.daemon.table import ENDPOINTS, Role
from qctl.jobs.job import Actor, label

OWNERS = {"own": None, "another's": Actor("somebody", "user")}
CASES = [
    (endpoint, role, owner)
    for endpoint in ENDPOINTS
    for role in (None, *ROLES)
    for owner in (OWNERS if endpoint.owned else ("no",))
]


def expected(endpoint, role, owner):
    """What the table says, worked out apart from the code that enforces it."""
    have = Role.NOBODY if role is None else Role[role.upper()]
    if endpoint.role is Role.NOBODY:
        return "served"
    if have is Role.NOBODY:
        return 401
    if have < endpoint.role:
        return 403
    if owner == "another's" and have < Role.OPERATOR:
        return 404
    return "served"


@pytest.mark.parametrize(("endpoint", "role", "owner"), CASES, ids=lambda case: getattr(case, "name", case))
def test_each_role_may_do_what_the_table_says_and_nothing_else(served, endpoint, role, owner):
    who = OWNERS[owner] if owner == "another's" else Actor(f"the_{role}", "user")
    path = endpoint.path
    if endpoint.owned:
        path = path.replace("{job}", label(served.store.submit(who, PROGRAM).job))
    path = path.replace("{token}", "0" * 16)
    body = {"submit": {"program": "x"}, "new_token": {"user": "x"}}.get(endpoint.name, {})
    answer = served.ask(endpoint.method, path, body if endpoint.method == "POST" else None, token=role)
    wanted = expected(endpoint, role, owner)
    if wanted == "served":
        # Refusals of the thing itself are answers too: a job that is not done has no result, no token has this id.
        assert answer.status in ({404} if endpoint.name == "revoke_token" else {200, 201, 409})
    else:
        assert answer.status == wanted


def test_every_route_of_the_application_stands_in_the_table(served):
    document = served.ask("GET", "/openapi.json", token="viewer").json
    routes = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert routes == {(one.method, one.path) for one in ENDPOINTS}


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/redoc", "/static/x", "/v1", "/v1/", "/openapi.yaml", "/healthz/", "/ws"]
)
def test_nothing_else_is_there_and_strangers_learn_not_even_that(served, path):
    assert served.ask("GET", path).status == 401
    assert served.ask("GET", path, token="admin").status == 404


def test_no_socket_but_http_is_opened(served):
    keys = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    assert (
        served.ask("GET", "/v1/events", headers=[*keys, ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]).status
        == 401
    )


def test_the_local_socket_knows_who_asks_without_a_token(served):
    assert served.ask("GET", "/v1/audit", local=True).status == 200  # the account of the daemon is its administrator


def test_a_revoked_token_ends_at_once(served):
    made = served.ask("POST", "/v1/tokens", {"user": "eve", "role": "user"}, token="admin").json["token"]
    assert served.ask("GET", "/v1/status", token=made).status == 200
    listed = served.ask("GET", "/v1/tokens", token="admin").json
    (which,) = [one["id"] for one in listed if one["user"] == "eve"]
    assert served.ask("POST", f"/v1/tokens/{which}/revoke", {}, token="admin").status == 200
    assert served.ask("GET", "/v1/status", token=made).status == 401
    assert made not in str(listed)


def test_a_token_ends_when_its_life_is_over(served, monkeypatch):
    made = served.ask("POST", "/v1/tokens", {"user": "eve", "life_s": 1.0}, token="admin").json["token"]
    now = served.house.tokens._now
    monkeypatch.setattr(served.house.tokens, "_now", lambda: now() + 2.0)
    assert served.ask("GET", "/v1/status", token=made).status == 401


@pytest.mark.parametrize(
    "said", ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearer x y", "Bearer \xff", "qctl_" + "A" * 43]
)
def test_no_other_words_are_a_token(served, said):
    assert served.ask("GET", "/v1/status", headers=[("Authorization", said)]).status in (401, 429)


def test_guessing_is_slowed_and_locks_nobody_else_out(served):
    statuses = [served.ask("GET", "/v1/status", token=f"guess{k}").status for k in range(60)]
    assert statuses[0] in (401, 429)
    assert 429 in statuses
    assert served.ask("GET", "/v1/status", token="viewer").status == 200


def test_the_journal_names_who_changed_what(served):
    job = served.ask("POST", "/v1/jobs", {"program": "x"}, token="user").json["job"]
    served.ask("POST", f"/v1/jobs/{job}/hold", {"reason": "quarantine"}, token="operator")
    assert served.ask("POST", f"/v1/jobs/{job}/resume", {}, token="user").status == 409
    said = served.ask("GET", f"/v1/jobs/{job}/events", token="user").json
    assert [(one["actor"], one["after"]) for one in said] == [("the_user", "QUEUED"), ("the_operator", "HELD")]
    assert served.store.verify() > 0
