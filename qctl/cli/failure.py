"""Errors at the border: one line on standard error and an exit code; nothing else escapes a command."""

from __future__ import annotations

import os
import signal
import sys

import click

from qctl.core.errors import QctlError

INTERRUPTED = 128 + signal.SIGINT


def exit_code_of(command: click.Command, debug: bool) -> int:
    """Run a command; return 0 ok, 1 failed, 2 usage, 3 config, 4 instrument, 5 out of specification."""
    try:
        answer = command.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; every output is in its safe state", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; keep Python from complaining when it flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except QctlError as error:
        if debug:
            raise
        click.echo(f"error: {error}", err=True)
        for note in getattr(error, "__notes__", ()):
            click.echo(f"  {note}", err=True)
        return error.exit_code
    return answer if isinstance(answer, int) else 0  # click returns the code of Exit here
