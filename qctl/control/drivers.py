"""Find the driver class that the laboratory file names, and what it says its instrument can do."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from qctl.core.connectors import Connectors, connectors_of
from qctl.core.errors import ConfigError
from qctl.core.laboratory import InstrumentEntry, Laboratory
from qctl.core.protocols import Declared, Instrument, Limits

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
    try:
        module = importlib.import_module(module_name)
    except ImportError as reason:
        raise ConfigError(
            f"driver module {module_name!r} cannot be imported ({reason})",
            where=name,
            remedy="install the package that holds it, or correct the name",
        ) from reason
    driver = getattr(module, class_name, None)
    if not isinstance(driver, type):
        classes = sorted(key for key, value in vars(module).items() if isinstance(value, type))
        raise ConfigError(
            f"module {module_name!r} has no class {class_name!r}", allowed=", ".join(classes) or "none", where=name
        )
    missing = [part for part in _NEEDED if not hasattr(driver, part)]
    if missing:
        raise ConfigError(f"{entry.driver} is no instrument: it lacks {', '.join(missing)}", where=name)
    return driver


def drivers_of(laboratory: Laboratory) -> Mapping[str, type[Instrument]]:
    """Return the driver class of every instrument by name."""
    return {name: driver_of(name, entry) for name, entry in laboratory.instruments.items()}


def ports_there(laboratory: Laboratory) -> dict[str, Connectors]:
    """Return how many connectors instruments have, by name, as far as their drivers declare it."""
    found = {name: connectors_of(limits) for name, limits in limits_of(laboratory).items()}
    for name, driver in drivers_of(laboratory).items():
        if name not in found and isinstance(number := getattr(driver, "n_channels", None), int):
            found[name] = Connectors(number)
    return found


def limits_of(laboratory: Laboratory) -> Limits:
    """Return what instruments can play and record, by name, as their drivers declare it."""
    declared = {name: getattr(driver, "limits", None) for name, driver in drivers_of(laboratory).items()}
    return {name: limits for name, limits in declared.items() if isinstance(limits, Declared)}
