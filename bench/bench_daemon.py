"""The daemon as its users feel it: `qctl status`, its memory, and durable submissions over HTTP.

Baselines in the same run: Python itself for the command; an application that validates the same body behind the same
server, and neither asks who sends it nor stores anything, for submissions.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from stack_world import BELL, Stack, instruments

BODY = json.dumps({"program": "OPENQASM 3; qubit q; bit c; h q; c = measure q;", "shots": 100}).encode()
CONNECTIONS, EACH = 32, 4


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    with instruments(folder) as (lab, _):
        (folder / "state").mkdir()
        running = Stack(lab, folder / "state").start()
        running.heard("ready")
        with running.client() as daemon:
            daemon.run(BELL, 100)  # its workers are there, too
        yield running
        running.stop()


def megabytes(pid: int) -> float:
    """Return what a process holds of memory."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def test_status_command(benchmark, stack):
    """Wall time of the command; ``extra_info`` has the memory of the idle daemon, MB."""
    command = [sys.executable, "-m", "qctl.cli", "--state", str(stack.state), "status"]
    benchmark.extra_info |= {name: megabytes(stack.pid(name)) for name in ("daemon", "zygote", "agent", "guardian")}
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "stdout": subprocess.DEVNULL}, rounds=20)


def test_python_itself(benchmark):
    benchmark.pedantic(subprocess.run, ([sys.executable, "-c", "pass"],), rounds=20)


async def post(port: int, token: str, each: int) -> None:
    """Send some submissions over one connection, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    for _ in range(each):
        writer.write(head.encode() + BODY)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 201"), answer
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()
    await writer.wait_closed()


def submissions(port: int, token: str) -> None:
    async def all_at_once():
        await asyncio.gather(*(post(port, token, EACH) for _ in range(CONNECTIONS)))

    asyncio.run(all_at_once())


def test_bare_validated_posts(benchmark):
    server = Path(__file__).with_name("bare_server.py")
    with subprocess.Popen([sys.executable, server], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
        port = int(serving.stdout.readline())
        benchmark.pedantic(submissions, (port, "none"), rounds=5, warmup_rounds=1)
        serving.stdin.close()
    benchmark.extra_info["posts"] = CONNECTIONS * EACH


def test_durable_posts(benchmark, stack):
    """The same, each answered after its commit, while the scheduler runs."""
    port = next(said["ready"]["port"] for _, said in stack.said if "ready" in said)
    with stack.client() as daemon:
        token = daemon.post("/v1/tokens", {"user": "many", "role": "operator"})["token"]
    benchmark.pedantic(submissions, (port, token), rounds=5, warmup_rounds=1)
    benchmark.extra_info["posts"] = CONNECTIONS * EACH
