"""What a hostile web page, neighbour or program sends is refused, and nothing is told that it should not know."""

import http.client
import socket

import pytest
from job_world import PROGRAM

from qctl.jobs.job import Actor

EVIL_HOSTS = [
    *("evil.example", "127.0.0.1", "127.0.0.1.", "localhost.", "LOCALHOST:{port}", "127.0.0.1:1", "localhost:{port}."),
    *(
        "0x7f.1:{port}",
        "2130706433:{port}",
        "127.1:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "0.0.0.0:{port}",
        "[::]:{port}",
    ),
    *("127.0.0.1:{port}@evil.example", "evil.example:{port}", "127.0.0.1:{port}, evil.example", "127.0.0.1:0{port}"),
]
EVIL_ORIGINS = [
    "null",
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:1",
    "file://",
    "http://localhost",
]
EVIL_BODIES = [
    *(b"", b"{", b"[1]", b"null", b'{"program": "x", "program": "y"}', b'{"program": "x", "shots": NaN}'),
    *(b'{"program": "x", "shots": 1e400}', b'{"program": "x", "shots": 1.5}', b'{"program": "x", "shots": true}'),
    *(b'{"program": "x", "shots": "1"}', b'{"program": "x", "shots": 0}', b'{"program": "x", "shots": -1}'),
    *(b'{"program": "x", "unknown": 1}', b'{"program": ""}', b'{"program": null}', b'{"shots": 1}', b"\xff\xfe{}"),
    *(
        b"[" * 100 + b"]" * 100,
        b'{"program": "x", "shots": ' + b"9" * 5000 + b"}",
        b'{"program": "x", "name": "a\\u0000b"}',
    ),
    *(b'{"program": "x", "name": "\\ud800"}', b'{"program": "\\ud800"}', b'{"program": "x", "after": ["../1"]}'),
    *(b'{"program": "x", "class": "URGENT"}', b'{"program": "x", "deadline_s": -1}', b'{"program": "x", "after": [1]}'),
    b'{"program": "x", "name": "' + b"n" * 201 + b'"}',
]
WAYS_OUT = [
    *(
        "..",
        "../..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%2f..%2fetc%2fpasswd",
        "....//",
        "j1%00",
        "j1/../j1",
    ),
    *(
        "/etc/passwd",
        "\\\\host\\share",
        "j0",
        "j01",
        "j-1",
        "j1.0",
        "J1",
        "1",
        "j" + "9" * 40,
        "j1;ls",
        "j\u0661".encode().hex(),
    ),
    *("%c0%ae%c0%ae", "%ef%bc%8e%ef%bc%8e", "j1%0d%0aX: y", "*", "j1'--", "${jndi}", "j1%20"),
]


HEAD = b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"


def port_in(text, served):
    return text.replace("{port}", str(served.port))


@pytest.mark.parametrize("host", EVIL_HOSTS)
def test_a_name_that_is_not_ours_is_refused(served, host):
    assert served.ask("GET", "/v1/status", token="admin", host=port_in(host, served)).status in (400, 421)


def test_no_host_or_two_are_refused(served):
    assert b" 400 " in served.raw(b"GET /healthz HTTP/1.1\r\n\r\n").splitlines()[0]
    twice = [("Host", "evil.example")]
    assert served.ask("GET", "/v1/status", token="admin", headers=twice).status == 400
    assert served.ask("GET", "/v1/status", local=True, host="evil.example").status == 421


@pytest.mark.parametrize("origin", EVIL_ORIGINS)
def test_pages_of_other_sites_may_not_ask(served, origin):
    headers = [("Origin", port_in(origin, served))]
    assert served.ask("POST", "/v1/jobs", {"program": "x"}, token="user", headers=headers).status == 403
    assert served.ask("GET", "/healthz", headers=headers).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
def test_what_a_browser_says_of_other_sites_is_heard(served, site):
    answer = served.ask("GET", "/v1/status", token="user", headers=[("Sec-Fetch-Site", site)])
    assert answer.status == (403 if site else 200)


def test_our_own_page_may_ask(served):
    for name in ("127.0.0.1", "localhost"):
        headers = [("Origin", f"http://{name}:{served.port}"), ("Sec-Fetch-Site", "same-origin")]
        assert served.ask("GET", "/v1/status", token="user", headers=headers).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", "json"]
)
def test_a_form_cannot_submit(served, kind):
    headers = [("Content-Type", kind)]
    assert served.ask("POST", "/v1/jobs", {"program": "x"}, token="user", headers=headers).status == 415


@pytest.mark.parametrize("path", ["/v1/jobs", "/healthz", "/v1/status"])
def test_no_preflight_is_answered_with_leave(served, path):
    headers = [("Origin", f"http://127.0.0.1:{served.port}"), ("Access-Control-Request-Method", "POST")]
    answer = served.ask("OPTIONS", path, token="user", headers=headers)
    assert answer.status in (401, 405)
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_cookies_open_nothing_and_none_are_set(served):
    headers = [("Cookie", f"token={served.tokens['admin']}")]
    assert served.ask("GET", "/v1/status", headers=headers).status == 401
    assert "set-cookie" not in served.ask("GET", "/v1/status", token="user").headers


def test_tokens_in_addresses_open_nothing(served):
    for name in ("token", "access_token", "authorization"):
        assert served.ask("GET", f"/v1/status?{name}={served.tokens['admin']}").status == 401


@pytest.mark.parametrize("body", EVIL_BODIES)
def test_a_body_that_is_no_submission_is_refused_with_a_reason(served, body):
    answer = served.ask("POST", "/v1/jobs", body, token="user")
    assert answer.status == 422
    assert answer.json["error"]["code"] == "invalid-job"
    assert answer.json["error"]["said"]


def test_too_large_a_body_is_refused_before_it_is_read(served):
    headers = [("Content-Type", "application/json"), ("Content-Length", str(2**30))]
    assert served.ask("POST", "/v1/jobs", token="user", headers=headers).status == 413
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    sent = chunked % (served.port, served.tokens["user"].encode()) + b"800001\r\n" + b" " * 0x800001 + b"\r\n0\r\n\r\n"
    assert b" 413 " in served.raw(sent).splitlines()[0]


def test_compressed_bodies_are_not_taken(served):
    headers = [("Content-Encoding", "gzip")]
    assert served.ask("POST", "/v1/jobs", b"\x1f\x8b", token="user", headers=headers).status == 415


@pytest.mark.parametrize(
    "smuggled",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: +5",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked",
        b"X: a\x00b",
        b" folded: line",
    ],
)
def test_a_request_that_two_servers_would_read_differently_is_refused(served, smuggled):
    before = len(served.store.jobs(limit=1000))
    sent = HEAD % (served.port, served.tokens["user"].encode()) + smuggled + b"\r\n\r\nhello"
    first = served.raw(sent).split(b"\r\n")[0]
    assert first.split(b" ")[1] in (b"400", b"415", b"422", b"501")
    assert len(served.store.jobs(limit=1000)) == before


@pytest.mark.parametrize("name", WAYS_OUT)
@pytest.mark.parametrize("tail", ["", "/result", "/result/file", "/segments"])
def test_no_name_leads_anywhere_but_to_ones_own_jobs(served, name, tail):
    hidden = served.store.submit(Actor("somebody", "user"), PROGRAM).job
    path = f"/v1/jobs/{name}{tail}"
    try:
        answer = served.ask("GET", path, token="user")
    except (ValueError, http.client.InvalidURL):  # the client itself refuses to send it
        return
    assert answer.status in (400, 404)
    other = served.ask("GET", f"/v1/jobs/j{hidden}{tail}", token="user")
    missing = served.ask("GET", f"/v1/jobs/j999999999{tail}", token="user")
    assert (other.status, other.body) == (missing.status, missing.body)  # nobody learns which jobs there are


def test_long_headers_are_refused(served):
    assert served.ask("GET", "/healthz", headers=[("X", "a" * 70000)]).status in (400, 431)


def test_what_people_wrote_comes_back_as_data_and_pages_may_run_nothing(served):
    name = "<script>alert(1)</script>"
    job = served.ask("POST", "/v1/jobs", {"program": "x", "name": name}, token="user").json["job"]
    answer = served.ask("GET", f"/v1/jobs/{job}", token="user")
    assert answer.json["name"] == name
    assert answer.headers["content-type"] == "application/json"


def test_refusals_never_hold_what_was_sent_as_secret(served):
    secret = "qctl_" + "canary" * 7
    answers = [served.ask("GET", path, token=secret) for path in ("/v1/status", "/v1/jobs", "/nothing")]
    assert not [one for one in answers if b"canary" in one.body]


def test_whoever_is_slow_to_say_what_he_wants_is_shut_out(served, monkeypatch):
    monkeypatch.setattr("qctl.daemon.server.HEADER_SECONDS", 0.1)
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as link:
        link.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        assert link.recv(100) == b""
