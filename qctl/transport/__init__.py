"""The strict transport: every reply is attributed or refused."""

from .command import Command, Word, command
from .log import Fault
from .session import Session
from .visa import open_link

__all__ = ["Command", "Fault", "Session", "Word", "command", "open_link"]
