"""Laboratory files: read by shape, then checked for what only makes sense together."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

from qctl.core.laboratory import Laboratory

from .check_guesses import check_guesses
from .check_instruments import check_instruments
from .check_lights import check_lights
from .check_lines import check_lines
from .check_names import check_names
from .check_outputs import check_outputs
from .check_shot import check_shot
from .check_times import check_times
from .check_triggers import check_triggers
from .document import Document, content_of
from .draft import Draft
from .reader import Reader

_CHECKS = (
    check_names,
    check_lines,
    check_instruments,
    check_triggers,
    check_outputs,
    check_times,
    check_guesses,
    check_lights,
    check_shot,  # last: it asks the platform for a shot, where nothing is wrong so far
)
_TABLES = ("instruments", "lines", "qubits", "couplings", "safe", "limits")


def read_laboratory(path: Path) -> Laboratory:
    """Return the laboratory that a file describes.

    No driver is imported and no instrument is spoken to: what a driver cannot do is found when its limits are known.

    Raises
    ------
    ConfigError
        Lists every mistake of the file as ``file:line:column: what was read; what is allowed; did you mean``.
    """
    content = content_of(path)
    document = Document(content, str(path))
    read: dict[str, Any] = {"platform": "", "reference": math.nan, "period": math.nan}
    read |= {name: {} for name in _TABLES} | Reader(document).fields(Laboratory)
    digest = hashlib.sha256(content).hexdigest()
    laboratory = Laboratory(name=path.name.split(".")[0], path=str(path), digest=digest, **read)
    if document.root is not None:
        draft = Draft(document, laboratory)
        for check in _CHECKS:
            check(draft)
    document.mistakes.check()
    return laboratory
