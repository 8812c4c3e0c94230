"""Lines of a laboratory file: each one whole, each port once, and each line serving what it can serve."""

from __future__ import annotations

from collections.abc import Iterator

from qctl.core.laboratory import Line
from qctl.core.port import Port

from .check_ports import INPUTS, ports_of
from .draft import Draft

_KINDS = {
    "drive": "an I/Q pair that does not come back",
    "readout": "an I/Q pair with back: the inputs of a digitizer",
    "flux": "a single output",
    "trigger": "a marker or a switch, and what it starts",
    "beam": "a single output",
    "counter": "counted_by: an input of a counter",
    "camera": "seen_by: a camera",
}


def check_lines(draft: Draft) -> None:
    """Check each line by itself, then all of them together."""
    for name, line in draft.laboratory.lines.items():
        for bad, key, asked, allowed in _rules(line):
            if bad:
                draft.wrong(("lines", name, key), f"line {name}: {asked}", allowed)
    _ports_once(draft)
    _one_hologram(draft)
    _uses(draft)


def _rules(line: Line) -> Iterator[tuple[bool, str, str, str]]:
    """Yield (broken, key, what is wrong, what is allowed) of one line."""
    half = (line.i is None) != (line.q is None)
    pair = line.i is not None and line.q is not None
    marker = line.output is not None and line.output.marker
    yield half, "q" if line.i is None else "i", "half of an I/Q pair", "i and q together"
    yield (pair or half) and line.output is not None, "output", "an I/Q pair and a single output", "i and q, or output"
    ends = "i and q, output, switch, carrier, supply, counted_by, seen_by or shaped_by"
    yield not any(key not in INPUTS for key, _, _ in line.uses), "output", "nothing feeds it", ends
    light = line.switch is not None or line.carrier is not None
    others = [end is not None for end in (line.supply, line.counted_by, line.seen_by, line.shaped_by)]
    yield sum((bool(line.outputs), light, *others)) > 1, line.uses[-1][0] if line.uses else "", "two lines in one", ends
    for key, port in (("switch", line.switch), ("carrier", line.carrier), ("supply", line.supply)):
        yield port is not None and port.marker, key, f"a marker as {key}", "INSTRUMENT.NUMBER"
    for key, port in (("counted_by", line.counted_by), ("seen_by", line.seen_by)):
        yield port is not None and port.marker, key, f"a marker as {key}", "INSTRUMENT.NUMBER"
    yield pair and line.mixed_with is None, "i", "an I/Q pair without a carrier", "mixed_with: a microwave source"
    yield not pair and line.mixed_with is not None, "mixed_with", "a carrier without an I/Q pair", "i, q and mixed_with"
    for key, port in (("i", line.i), ("q", line.q)):
        yield port is not None and port.marker, key, f"a marker as {key}", "an output that plays waveforms"
    yield _two_instruments(line.i, line.q), "q", f"i on {_owner(line.i)}, q on {_owner(line.q)}", "one AWG for the pair"
    yield line.back is not None and not pair, "back", "inputs behind a single output", "back with i and q"
    for port in line.back or ():
        yield port.marker, "back", f"marker {port} as an input", "inputs of a digitizer"
    yield line.back is not None and _two_instruments(*line.back), "back", "inputs of two digitizers", "one digitizer"
    yield from _deciding(line, marker)
    yield (
        line.bias is not None and (line.output is None or marker),
        "bias",
        "a bias without a flux output",
        "with output",
    )
    yield (
        bool(line.starts) and not marker and line.switch is None,
        "starts",
        "starts instruments without a marker",
        "output: AWG.marker.NUMBER, or switch: an output of a pulse generator",
    )
    yield (
        marker and not (line.starts or line.branches),
        "output",
        "a marker that starts nothing",
        "starts: instruments with trigger inputs",
    )
    yield line.return_delay != 0 and line.back is None, "return_delay", "returns without back", "return_delay with back"
    for key, value in (("attenuation", line.attenuation), ("delay", line.delay), ("return_delay", line.return_delay)):
        yield value < 0, key, f"negative {key}", "zero or more"


def _deciding(line: Line, marker: bool) -> Iterator[tuple[bool, str, str, str]]:
    """Yield the rules of lines that end in, or begin at, an instrument that decides within a shot."""
    pair = line.decided_by
    yield pair is not None and line.back is None, "decided_by", "decided_by without back", "a splitter before back"
    yield pair is not None and _two_instruments(*pair), "decided_by", "inputs of two instruments", "one instrument"
    for port in pair or ():
        yield port.marker, "decided_by", f"marker {port} as an input", "inputs of an instrument that decides"
    yield bool(line.branches) and not marker, "branches", "branches without a marker", "output: NAME.marker.NUMBER"
    yield bool(line.branches and line.starts), "branches", "starts and branches", "a line for each"


def _ports_once(draft: Draft) -> None:
    first: dict[Port, str] = {}
    for name, line in draft.laboratory.lines.items():
        for steps, port in ports_of(line):
            if port in first:
                draft.wrong(
                    ("lines", name, *steps), f"port {port} a second time", f"each port once; first in {first[port]}"
                )
            first.setdefault(port, name)


def _one_hologram(draft: Draft) -> None:
    shaped = [name for name, line in draft.laboratory.lines.items() if line.shaped_by is not None]
    for name in shaped[1:]:
        draft.wrong(("lines", name, "shaped_by"), f"line {name}: traps a second time", f"one hologram, of {shaped[0]}")


def _uses(draft: Draft) -> None:
    """Check that lines fit those they serve, that nobody shares drive or flux, and that no line serves nothing."""
    lines, first, asked = draft.laboratory.lines, dict[str, str](), draft.lines
    if asked is None:
        return
    used = [
        (("qubits", name, kind), kind, line)
        for name, qubit in draft.laboratory.qubits.items()
        for kind, line in (("drive", qubit.drive), ("readout", qubit.readout), ("flux", qubit.flux))
    ] + [(("couplings", name, "flux"), "flux", coupling.flux) for name, coupling in draft.laboratory.couplings.items()]
    for steps, kind, line in used:
        if line is None or line not in lines:
            continue
        wanted, there = asked.serve.get(kind), kind_of(lines[line], asked.single)
        if wanted is None:
            draft.wrong(steps, f"{kind} on platform {draft.laboratory.platform}", ", ".join(asked.serve))
        elif there != wanted:
            draft.wrong(steps, f"{line} is a {there} line", f"a {wanted} line: {_KINDS[wanted]}")
        elif kind not in asked.shared and line in first:
            draft.wrong(steps, f"{line} already serves {first[line]}", f"a {kind} line of its own")
        first.setdefault(line, steps[1])
    if draft.whole("lines", "qubits", "couplings"):
        for name, line_entry in lines.items():
            idle = name not in first and name not in (*asked.outputs, *asked.optional, *asked.steering)
            if idle and kind_of(line_entry, asked.single) in (*asked.serve.values(), asked.single):
                draft.wrong(
                    ("lines", name),
                    f"line {name} serves no qubit and no coupling",
                    remedy="name it there, or remove it",
                )


def kind_of(line: Line, single: str) -> str:
    """Return drive, readout, trigger, light, electrode, counter, camera or traps, or ``single`` of a single output."""
    if line.back is not None:
        return "readout"
    if line.i is not None or line.q is not None:
        return "drive"
    for kind, end in (("electrode", line.supply), ("counter", line.counted_by), ("camera", line.seen_by)):
        if end is not None:
            return kind
    if line.shaped_by is not None:
        return "traps"
    if line.starts or line.branches or (line.output is not None and line.output.marker):
        return "trigger"
    if line.switch is not None or line.carrier is not None:
        return "light"
    return single


def _owner(port: Port | None) -> str:
    return port.instrument if port is not None else "nothing"


def _two_instruments(one: Port | None, other: Port | None) -> bool:
    return one is not None and other is not None and one.instrument != other.instrument
