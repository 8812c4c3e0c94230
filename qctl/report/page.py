"""The page: what is believed of every target, what was given up, and each step with its fits and decisions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

from qctl.calibrate.acceptance import Verdict
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.report import Report, Standing, Step
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate
from qctl.core.shown import shown

from .drawing import svg

QUBIT_COLUMNS = (
    ("frequency", "frequency"), ("anharmonicity", "anharmonicity"), ("T1", "t1"), ("T2 echo", "t2"),
    ("gate error", "error"), ("read 1 for 0", "readout.p01"), ("read 0 for 1", "readout.p10"),
)  # fmt: skip
COUPLING_COLUMNS = (
    ("CZ error", "cz.error"), ("leakage", "cz.leakage"), ("duration", "cz.duration"), ("ZZ at rest", "zz"),
    ("RXX error", "ms.error"), ("RXX duration", "ms.duration"),
)  # fmt: skip


def page(report: Report, laboratory: Laboratory) -> str:
    """Return an HTML document that needs no other file and no network."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    title = escape(f"Calibration of {report.laboratory}")
    body = "\n".join([_head(report), *_given_up(report), *_summary(report, laboratory), *_steps(report)])
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
        f"<body><h1>{title}</h1>{body}</body></html>\n"
    )


def _head(report: Report) -> str:
    good = sum(s.standing is Standing.GOOD for states in report.states.values() for s in states.values())
    facts = (
        f"{_when(report.started)} to {_when(report.ended)}",
        report.took,
        f"snapshot {report.first} → {report.last}",
        f"{good} results stand, {len(report.quarantined())} given up",
        report.code,
        report.stopped,
    )
    hints = "".join(f'<p class="hint">{escape(hint)}</p>' for hint in report.hints)
    return f'<p class="facts">{" · ".join(escape(fact) for fact in facts if fact)}</p>{hints}'


def _given_up(report: Report) -> Iterator[str]:
    rows = report.quarantined()
    if rows:
        yield "<h2>Given up</h2>" + _table(("target", "step", "why"), ((t, node, why) for node, t, why in rows))


def _summary(report: Report, laboratory: Laboratory) -> Iterator[str]:
    kinds = (("Qubits", laboratory.qubits, QUBIT_COLUMNS), ("Couplings", laboratory.couplings, COUPLING_COLUMNS))
    for title, targets, columns in kinds:
        kept = [(head, name) for head, name in columns if any(f"{t}.{name}" in report.known for t in targets)]
        alike: dict[tuple[str, ...], list[str]] = {}
        for target in targets:
            alike.setdefault(tuple(_value(report, f"{target}.{name}") for _, name in kept), []).append(target)
        rows = ((_few(tuple(members)), *values) for values, members in alike.items())
        if targets and kept:
            yield f"<h2>{title}</h2>" + _table(("", *(head for head, _ in kept)), rows)


def _value(report: Report, name: str) -> str:
    if name not in report.known:
        return "–"
    known = report.known.estimates[name]
    return f"{shown(known)} (assumed)" if known.error == math.inf else shown(known)


def _steps(report: Report) -> Iterator[str]:
    yield "<h2>Steps</h2>"
    for step in report.steps:
        refused = sum(not verdict.accepted for verdict in step.verdicts)
        mark = f'<span class="bad">{refused} rejected</span>' if refused else '<span class="good">accepted</span>'
        line = (
            f"<b>{step.number}. {escape(step.node)}</b> {escape(step.kind if step.kind != 'measure' else '')} "
            f"{escape(_few(step.targets))} {mark if step.verdicts else ''} "
            f'<span class="facts">{step.seconds:.1f} s of machine, {step.wall:.1f} s</span>'
        )
        why = f'<p class="facts">{escape(step.why)}{_data(step)}</p>'
        cards = "".join(_card(o, v, step) for o, v in zip(_outcomes(step), step.verdicts, strict=True))
        opened = " open" if refused else ""
        yield f'<details{opened}><summary>{line}</summary>{why}<div class="cards">{cards}</div></details>'


def _outcomes(step: Step) -> tuple[Outcome, ...]:
    """Return an outcome for each verdict; probes have verdicts alone."""
    return step.outcomes or tuple(Outcome(verdict.target) for verdict in step.verdicts)


def _data(step: Step) -> str:
    return f" · data {step.raw_data[:12]}" if step.raw_data else ""


def _card(outcome: Outcome, verdict: Verdict, step: Step) -> str:
    kind = "good" if verdict.accepted else "bad"
    said = "accepted" if verdict.accepted else "rejected"
    values = [(name, shown(found), _change(step, name, found)) for name, found in outcome.found.items()]
    table = _table(("", "found", "before"), values) if values else ""
    lines = dict.fromkeys([verdict.reason, outcome.reason, *_tried(verdict), *outcome.notes])
    reasons = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    drawings = "".join(svg(figure) for figure in outcome.figures)
    return (
        f'<section class="card {kind}"><h3>{escape(outcome.target)} <span class="{kind}">{said}</span></h3>'
        f"{drawings}{table}{reasons}</section>"
    )


def _tried(verdict: Verdict) -> Iterator[str]:
    if verdict.old is not None and verdict.new is not None:
        old, new = (f"{share:.2%} ± {error:.2%}" for share, error in (verdict.old, verdict.new))
        yield f"wrong answers before {old}, with the new values {new}"


def _change(step: Step, name: str, found: Estimate) -> str:
    """Return what was believed before, with the digits that are shown of what was found."""
    before = step.before.get(name, found.value)
    return shown(replace(found, value=before)).partition(" ± ")[0] if before != found.value else "–"


def _few(names: tuple[str, ...], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
