"""Find the driver class that the laboratory file names, and what it says its instrument can do."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.errors import ConfigError
from qctl.core.laboratory import InstrumentEntry, Laboratory
from qctl.core.protocols import Declared, Instrument, Limits

from .driver_modules import class_of

_NEEDED = ("open", "configure", "check", "make_safe", "__enter__", "__exit__", "identity")


def driver_of(name: str, entry: InstrumentEntry) -> type[Instrument]:
    """Return the class behind ``module:Class``; no link is opened.

    Raises
    ------
    ConfigError
        When the module or the class does not exist, or the class is no instrument.
    """
    module_name, colon, class_name = entry.driver.partition(":")
    if not (colon and module_name and class_name.isidentifier()):
        raise ConfigError(f"driver {entry.driver!r}", allowed="module:Class", where=name)
    driver = class_of(module_name, class_name, name)
    missing = [part for part in _NEEDED if not hasattr(driver, part)]
    if missing:
        raise ConfigError(
            f"{entry.driver} is no instrument: it lacks {', '.join(missing)}",
            allowed="a class that meets qctl.core.protocols.Instrument",
            where=name,
            remedy="name the driver of this instrument",
        )
    return driver


def drivers_of(laboratory: Laboratory) -> Mapping[str, type[Instrument]]:
    """Return the driver class of every instrument by name."""
    return {name: driver_of(name, entry) for name, entry in laboratory.instruments.items()}


def attempted_drivers(laboratory: Laboratory) -> dict[str, type[Instrument] | ConfigError]:
    """Return the driver class of every instrument by name, or why there is none."""
    found: dict[str, type[Instrument] | ConfigError] = {}
    for name, entry in laboratory.instruments.items():
        try:
            found[name] = driver_of(name, entry)
        except ConfigError as wrong:
            found[name] = wrong
    return found


def limits_of(laboratory: Laboratory) -> Limits:
    """Return what instruments can play and record, by name, as their drivers declare it."""
    declared = {name: getattr(driver, "limits", None) for name, driver in drivers_of(laboratory).items()}
    return {name: limits for name, limits in declared.items() if isinstance(limits, Declared)}
