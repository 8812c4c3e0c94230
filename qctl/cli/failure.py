"""Errors at the border: one line on standard error and an exit code; nothing else escapes a command."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

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
        _say("interrupted")  # click has ended the line that Ctrl-C stands on
        _say_notes(abort.__cause__)
        return INTERRUPTED
    except SystemExit as leaving:  # SIGTERM and its like, after everything was made safe
        _say_notes(leaving)
        raise
    except BrokenPipeError:
        # Whoever read our output has left; keep Python from complaining when it flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except QctlError as error:
        if debug:
            raise
        _say(f"error: {error}")
        _say_notes(error)
        return error.exit_code
    except Exception as error:  # the border: a mistake of ours is a line and a code, too
        if debug:
            raise
        if isinstance(error, OSError) and isinstance(error.__context__, KeyboardInterrupt):
            return INTERRUPTED  # click could not end the line that Ctrl-C stands on: the terminal is gone
        name, text = type(error).__name__, str(error)
        _say(f"qctl itself failed: {f'{name}: {text}' if text else name}; use --debug for the traceback")
        _say_notes(error)
        return 1
    return answer if isinstance(answer, int) else 0  # click returns the code of Exit here


def _say_notes(error: BaseException | None) -> None:
    """Print what else went wrong: outputs that could not be made safe, above all."""
    for note in getattr(error, "__notes__", ()):
        _say(f"  {note}")


def _say(line: str) -> None:
    """Print on standard error, if anybody is there: after a hangup every write to the terminal fails."""
    with suppress(OSError):
        click.echo(line, err=True)
