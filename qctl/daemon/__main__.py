"""``python -m qctl.daemon ROLE SETTINGS``: how the processes start each other; people use ``qctl serve``."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from qctl.core.errors import QctlError


def main(arguments: list[str]) -> int:
    """Be one of ``supervisor``, ``guardian``, ``agent``, ``daemon``; settings are one JSON object."""
    role, settings = arguments[0], json.loads(arguments[1])
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {role} %(levelname)s %(message)s", stream=sys.stderr)
    try:
        return _be(role, settings)
    except QctlError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


def _be(role: str, said: dict[str, Any]) -> int:
    if role == "supervisor":
        from .supervisor import Supervisor

        return Supervisor(Path(said["lab"]), Path(said["state"]), said["options"], _announce).run()
    if role == "guardian":
        from . import guardian

        return guardian.run(said["lab"], said["control"], said["addresses"])
    from qctl.jobs.process import die_with_parent

    die_with_parent(said["parent"], signal.SIGTERM)
    if role == "agent":
        from . import agent

        return agent.run(said["lab"], Path(said["state"]), said["alive"], said["addresses"], said["rack"])
    from . import zygote

    return zygote.run(said["control"], said["parent"])


def _announce(what: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more: that is no reason to end
        os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
