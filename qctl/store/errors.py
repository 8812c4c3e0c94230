"""What a parameter store cannot do, in the same four fields as every error of qctl."""

from __future__ import annotations

from qctl.core.errors import QctlError


class StoreError(QctlError):
    """A parameter store that cannot be read, written or trusted."""


class LostRaceError(StoreError):
    """Somebody else committed a snapshot since the parent was read; nothing was written."""
