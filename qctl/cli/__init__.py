"""The command line: ``qctl COMMAND``; each command is a module that is imported when it is asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

COMMANDS = {
    "run": "Run an OpenQASM program and print its counts.",
    "show": "Draw what a program will play.",
    "capabilities": "Say what a laboratory can do, and which programs it refuses.",
    "check": "Check laboratory, twin and parameter files.",
    "schema": "Print the JSON Schema of laboratory files.",
    "calibrate": "Bring a laboratory up, from its own signals.",
    "conformance": "Run the same programs as on every laboratory, and compare with its own noise.",
    "fit": "Fit measured points of any laboratory, from a file.",
    "cal": "Look at the parameter store, and change what is believed.",
    "twin": "Draw hidden truths of simulated laboratories, and score calibrations against them.",
    "serve": "Run jobs of many users on one laboratory, until told to stop.",
    "status": "Show what the daemon is doing.",
    "submit": "Put a program into the queue of the daemon.",
    "results": "Wait for a job and print its counts.",
    "top": "Watch the queue.",
    "why": "Say why a job is where it is.",
    "explain": "Tell the whole story of a job.",
    "cancel": "End a job.",
    "jobs": "List, hold, resume and replay jobs; tokens, copies and health of the store.",
    "service": "Let systemd run the daemon.",
    "rack": "Serve simulated instruments of a laboratory.",
    "demo": "Calibrate a simulated laboratory, run three programs, compare with theory.",
}
"""By name, with the line that ``qctl --help`` shows: the help of all needs the module of none."""


class Lazy(click.Group):
    """Commands whose modules are imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"qctl.cli.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--state",
    type=click.Path(file_okay=False),
    envvar="QCTL_STATE_DIR",
    help="Folder for qctl's own files  [default: the platform's user data folder; also QCTL_STATE_DIR]",
)
@click.version_option(package_name="qctl", message="qctl %(version)s")
@click.pass_context
def cli(ctx: click.Context, debug: bool, state: str | None) -> None:
    """Control quantum computers through their instruments."""
    ctx.obj = {"debug": debug, "state": state}


def main() -> None:
    """Run the command line; errors are one line and an exit code, or a traceback with ``--debug``."""
    from .failure import exit_code_of

    # Matrices are small: threads of the linear algebra would wait for each other. Read when NumPy is loaded, later.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(exit_code_of(cli, "--debug" in sys.argv[1:]))
