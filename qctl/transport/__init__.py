"""The strict transport: every reply is attributed or refused."""

from .command import Command, Word, command
from .lines import LineSession, Refused, open_lines
from .log import Fault
from .session import Session
from .visa import open_link

__all__ = ["Command", "Fault", "LineSession", "Refused", "Session", "Word", "command", "open_lines", "open_link"]
