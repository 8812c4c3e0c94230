"""All kinds of machines by the name that laboratory files use."""

from __future__ import annotations

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import Platform

from .neutral_atom import NeutralAtom
from .superconducting import Superconducting
from .trapped_ion import TrappedIon

PLATFORMS: dict[str, Platform] = {one.name: one for one in (Superconducting(), TrappedIon(), NeutralAtom())}


def platform_of(laboratory: Laboratory) -> Platform:
    """Return the platform that the laboratory file names."""
    if laboratory.platform not in PLATFORMS:
        raise CompileError(
            f"platform {laboratory.platform!r}", allowed=", ".join(PLATFORMS), where=laboratory.path or laboratory.name
        )
    return PLATFORMS[laboratory.platform]
