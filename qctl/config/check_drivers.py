"""What the drivers of a laboratory file say of themselves, against what the file asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qctl.core.connectors import connectors_of
from qctl.core.errors import ConfigError, QctlError
from qctl.core.laboratory import Laboratory, Role
from qctl.core.protocols import (
    Awg,
    AwgLimits,
    Bias,
    Camera,
    CameraLimits,
    Counter,
    CounterLimits,
    Dds,
    Decider,
    DeciderLimits,
    Declared,
    Digitizer,
    DigitizerLimits,
    Hologram,
    Instrument,
    PulseGenerator,
    PulserLimits,
    Source,
    Supply,
)

from .check_ports import check_connectors
from .check_settings import check_settings
from .document import Document, Steps, content_of

_ASKED: Mapping[Role, tuple[type, type | None]] = {
    Role.AWG: (Awg, AwgLimits),
    Role.DIGITIZER: (Digitizer, DigitizerLimits),
    Role.DECIDER: (Decider, DeciderLimits),
    Role.PULSER: (PulseGenerator, PulserLimits),
    Role.COUNTER: (Counter, CounterLimits),
    Role.CAMERA: (Camera, CameraLimits),
    Role.SOURCE: (Source, None),
    Role.BIAS: (Bias, None),
    Role.SUPPLY: (Supply, None),
    Role.DDS: (Dds, None),
    Role.HOLOGRAM: (Hologram, None),
}  # what serves as each: a protocol, and the limits without which nothing can be compiled for it


def contradictions(
    laboratory: Laboratory, drivers: Mapping[str, type[Instrument] | ConfigError]
) -> tuple[ConfigError, ...]:
    """Return a mistake for all that instruments cannot do, sorted by place.

    Parameters
    ----------
    laboratory : as it was read, without mistakes
    drivers : class by instrument name, or why there is none
    """
    document = Document(content_of(Path(laboratory.path)), laboratory.path)
    fitting = {}
    for name, driver in drivers.items():
        if isinstance(driver, ConfigError):
            place: Steps = ("instruments", name, "driver")
            document.wrong(place, f"{name}: {driver.asked}", driver.allowed, driver.remedy)
        elif _serves(document, laboratory, name, driver):
            fitting[name] = driver
    limits = {
        n: limit for n, driver in fitting.items() if isinstance(limit := getattr(driver, "limits", None), Declared)
    }
    check_connectors(document, laboratory, {name: connectors_of(limit) for name, limit in limits.items()})
    for name, limit in limits.items():
        check_settings(document, laboratory, name, limit)
    for name, driver in fitting.items():
        _check_safe(document, laboratory, name, driver)
    return document.mistakes.all()


def placed(laboratory: Laboratory, reason: QctlError) -> ConfigError:
    """Return an error about an instrument or a line (else about the shot) with its place in the file."""
    document = Document(content_of(Path(laboratory.path)), laboratory.path)
    section = next((s for s in ("instruments", "lines") if reason.where in getattr(laboratory, s)), None)
    steps = ("period",) if section is None else (section, reason.where)
    asked = reason.asked if section is None else f"{reason.where}: {reason.asked}"
    document.wrong(steps, asked, reason.allowed, reason.remedy or "change its settings, or name another instrument")
    return document.mistakes.all()[0]


def _serves(document: Document, laboratory: Laboratory, name: str, driver: type[Instrument]) -> bool:
    """Say whether a driver can do what its instrument is wired for; note a mistake if not."""
    role, entry = laboratory.roles()[name], laboratory.instruments[name]
    protocol, declares = _ASKED[role]
    methods = {m for kind in protocol.__mro__ for m, v in vars(kind).items() if not m.startswith("_") and callable(v)}
    methods |= {m for m, v in vars(Instrument).items() if isinstance(v, classmethod)}
    missing = sorted(method for method in methods if not callable(getattr(driver, method, None)))
    place, remedy = ("instruments", name, "driver"), "name the driver of this instrument, or wire it as what it is"
    if missing:
        lacks = f"{name} is wired as {role}, but {entry.driver} lacks {', '.join(missing)}"
        document.wrong(place, lacks, f"a driver that meets qctl.core.protocols.{protocol.__name__}", remedy)
        return False
    if declares is not None and not isinstance(getattr(driver, "limits", None), declares):
        silent = f"{name} is wired as {role}, but {entry.driver} does not say what it can do as that"
        document.wrong(place, silent, f"limits = {declares.__name__}(...) in the class", remedy)
        return False
    return True


def _check_safe(document: Document, laboratory: Laboratory, name: str, driver: type[Instrument]) -> None:
    safe, known = laboratory.safe.get(name), getattr(driver, "safe_actions", None)
    if safe is not None and known is not None and safe.action not in known:
        asked = f"{name}: its driver cannot make it safe by {safe.action}"
        document.wrong(("safe", name, "action"), asked, ", ".join(sorted(known)), "choose one of these")
