"""Waveforms of OpenPulse in a text: sample arrays, functions of numbers, and what is made of other waveforms.

Source: OpenQASM specification, "OpenPulse Grammar", section "Waveforms"; what each is, sample for sample, says
`qctl.platforms.waves`. ``constant`` is qctl's own flat top; ``flat_top_cosine`` and ``raised_cosine`` are qctl's.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.core.flow import Expression
from qctl.core.pulse import WAVES, Shape, Tone, Wave

from ..values import COMPLEX, DURATION, cast, radians
from .expressions import Expressions
from .names import PulseEntity

Made = Callable[[float | None], Tone]


@dataclass(frozen=True, slots=True)
class Waveform(PulseEntity):
    """An envelope: a tone on no line yet, once the sample rate of its line (Hz, None if nobody knows) is given."""

    on: Made


_OWN: dict[str, tuple[str, ...]] = {"constant": (), "flat_top_cosine": ("duration",), "raised_cosine": ("duration",)}
_SIGNATURES: dict[str, tuple[str, ...]] = _OWN | WAVES
_OF_OTHERS = ("mix", "sum", "scale", "phase_shift")
_WIDTHS = {"gaussian": 0, "sech": 0, "gaussian_square": 1, "drag": 0}  # which number is a sigma
NAMES = frozenset([*_SIGNATURES, *_OF_OTHERS])


class Waveforms:
    """Makes waveforms.

    Parameters
    ----------
    expressions : of the lowering
    known : returns the waveform that an expression stands for
    """

    def __init__(self, expressions: Expressions, known: Callable[[Any], Waveform]) -> None:
        self._expressions, self._known = expressions, known

    def number(self, node: Any) -> float:  # noqa: ANN401 - a node of the tree
        """Return a number or an angle, rad, that is known before the program runs."""
        value = radians(self._expressions.value(node))
        if isinstance(value, Expression):
            raise ProgramError("a pulse that depends on measured bits", allowed="numbers known before the program runs")
        return float(value)

    def seconds(self, node: Any) -> float:  # noqa: ANN401
        """Return a duration that is known before the program runs, s."""
        value = cast(self._expressions.value(node), DURATION)
        if not isinstance(value.data, Fraction):
            raise ProgramError(
                "a pulse that depends on measured bits or stretches", allowed="durations known before the program runs"
            )
        return float(value.data)

    def samples(self, node: ast.ArrayLiteral) -> Waveform:
        """Return a waveform of samples: as many as its line plays in its duration."""
        numbers = tuple(self._complex(each) for each in node.values)
        if not numbers:
            raise ProgramError("a waveform without samples", allowed="at least 1")

        def on(rate: float | None) -> Tone:
            if rate is None:
                raise ProgramError(
                    f"{len(numbers)} samples on a line whose clock nobody knows",
                    allowed="a line that plays samples, in a program that a laboratory runs",
                )
            return _tone(len(numbers) / rate, Wave("samples", numbers))

        return Waveform(on)

    def made(self, node: ast.FunctionCall) -> Waveform:
        """Return the waveform that a function returns."""
        name, given = node.name.name, node.arguments
        if name not in NAMES:
            raise ProgramError(
                f"the waveform {name!r}", allowed=", ".join(sorted(NAMES)), remedy="this is not supported"
            )
        if name in _OF_OTHERS:
            self._count(name, given, 2, 2)
            return self._of_others(name, given)
        wanted = _SIGNATURES[name]
        self._count(name, given, len(wanted) + 2 - (name == "raised_cosine"), len(wanted) + 2)
        size, duration = self._complex(given[0]), self.seconds(given[1])
        numbers = [self._of_kind(kind, each) for kind, each in zip(wanted, given[2:], strict=False)]
        if name in _WIDTHS and not numbers[_WIDTHS[name]] > 0:
            raise ProgramError(f"{name} with a sigma of {numbers[_WIDTHS[name]]:g} s", allowed="above 0 s")
        tone = _own(name, size, duration, numbers) if name in _OWN else _tone(duration, Wave(name, (size, *numbers)))
        return Waveform(lambda _: tone)

    def _count(self, name: str, given: list[Any], least: int, most: int) -> None:
        if not least <= len(given) <= most:
            allowed = f"{most}" if least == most else f"{least} to {most}"
            raise ProgramError(f"{name} of {len(given)} arguments", allowed=allowed)

    def _of_kind(self, kind: str, node: Any) -> float:  # noqa: ANN401
        if kind == "duration":
            return self.seconds(node)
        value = self._expressions.value(node)
        return self.seconds(node) if kind == "seconds" and value.type.kind == "duration" else self.number(node)

    def _complex(self, node: Any) -> complex:  # noqa: ANN401
        found = cast(self._expressions.value(node), COMPLEX).data
        assert isinstance(found, complex)
        return found

    def _of_others(self, name: str, given: list[Any]) -> Waveform:
        first = self._known(given[0])
        if name in ("scale", "phase_shift"):
            by = self.number(given[1])

            def changed(rate: float | None) -> Tone:
                tone = first.on(rate)
                if name == "scale":
                    return replace(tone, amplitude=tone.amplitude * by)
                return replace(tone, phase=tone.phase + by)

            return Waveform(changed)
        second = self._known(given[1])

        def joined(rate: float | None) -> Tone:
            a, b = first.on(rate), second.on(rate)
            if abs(a.duration - b.duration) > 1e-15:
                raise ProgramError(
                    f"{name} of {a.duration:g} s and {b.duration:g} s", allowed="waveforms of one length"
                )
            return _tone(a.duration, Wave(name, parts=(a, b)))

        return Waveform(joined)


def _tone(duration: float, wave: Wave) -> Tone:
    return Tone(line="", amplitude=1.0, duration=duration, shape=Shape.WAVE, wave=wave)


def _own(name: str, size: complex, duration: float, numbers: list[float]) -> Tone:
    amplitude, phase = (size.real, 0.0) if size.imag == 0 else cmath.polar(size)
    tone = Tone(line="", amplitude=amplitude, duration=duration, phase=phase)
    if name == "flat_top_cosine":
        return replace(tone, edge=numbers[0])
    if name == "raised_cosine":
        return replace(tone, shape=Shape.COSINE, slope=numbers[0] if numbers else 0.0)
    return tone
