"""Serves validation of submissions, and nothing else, on a port that it says; ends when its input is closed."""

import asyncio
import os
import sys
import threading
from itertools import count

import uvicorn
from fastapi import FastAPI

from qctl.daemon.models import Receipt, Submit
from qctl.daemon.server import loopback

app, number = FastAPI(), count(1)


@app.post("/v1/jobs", status_code=201)
async def submit(asked: Submit) -> Receipt:
    asked.submission()
    return Receipt(job=f"j{next(number)}", created=True)


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    listener = loopback(0)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    asyncio.run(uvicorn.Server(uvicorn.Config(app, http="h11", log_config=None)).serve([listener]))


if __name__ == "__main__":
    main()
