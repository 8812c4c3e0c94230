"""The folder for qctl's own files, as the command line names it, and the log of runs and faults in it."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

LOG_BYTES, LOG_FILES = 1_000_000, 3


def state_folder(ctx: click.Context) -> Path:
    """Return the folder that ``--state`` or QCTL_STATE_DIR names, or the platform's own; made when it is missing."""
    from qctl.store.place import state_folder as found

    return found((ctx.find_root().obj or {}).get("state"))


def keep_log(ctx: click.Context) -> None:
    """Write what qctl logs (one line a run, one a fault) to ``qctl.log`` in the state folder."""
    handler = RotatingFileHandler(
        state_folder(ctx) / "qctl.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("qctl")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def end() -> None:
        logger.removeHandler(handler)
        handler.close()

    ctx.call_on_close(end)
