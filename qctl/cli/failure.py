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
    except click.Abort as abort:
        click.echo("interrupted", err=True)  # click has ended the line that Ctrl-C stands on
        _say_notes(abort.__cause__)
        return INTERRUPTED
    except SystemExit as leaving:  # SIGTERM, after everything was made safe
        _say_notes(leaving)
        raise
    except BrokenPipeError:
        # Whoever read our output has left; keep Python from complaining when it flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except QctlError as error:
        if debug:
            raise
        click.echo(f"error: {error}", err=True)
        _say_notes(error)
        return error.exit_code
    return answer if isinstance(answer, int) else 0  # click returns the code of Exit here


def _say_notes(error: BaseException | None) -> None:
    """Print what else went wrong: outputs that could not be made safe, above all."""
    for note in getattr(error, "__notes__", ()):
        click.echo(f"  {note}", err=True)
