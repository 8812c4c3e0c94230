"""Elements of SVG as text: everything is escaped, and lines and words take the colour of the page around them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

BLUE, ORANGE, GREEN, VIOLET, RED = "#3b8eea", "#e08a1e", "#2fa36b", "#9a6ddb", "#d9534f"
"""Bright enough on black, dark enough on white; text is always the page's own colour."""
SERIES: Final = (BLUE, ORANGE, GREEN, VIOLET, RED)
FONT: Final = "ui-sans-serif, system-ui, sans-serif"


def picture(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Return an ``svg`` element of its natural size in pixels; wide ones can be scrolled.

    Parameters
    ----------
    title : what it shows, for who cannot see it
    """
    label = escape(title, quote=True)
    return (
        f'<div style="overflow-x:auto"><svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{label}" '
        f'font-family="{FONT}" font-size="12" fill="currentColor" stroke="none">{"".join(parts)}</svg></div>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, faint: bool = False) -> str:
    """Return words; ``y`` is where their letters stand."""
    more = ' opacity="0.65"' if faint else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>{escape(words)}</text>'


def box(
    x: float, y: float, width: float, height: float, colour: str = "currentColor", *, hint: str = "", fill: float = 0.22
) -> str:
    """Return a rectangle with rounded corners; ``hint`` is shown to who points at it."""
    inside = f"<title>{escape(hint)}</title>" if hint else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" rx="3" fill="{colour}" '
        f'fill-opacity="{fill:g}" stroke="{colour}" stroke-width="1">{inside}</rect>'
    )


def line(
    x: float, y: float, to_x: float, to_y: float, *, colour: str = "currentColor", faint: float = 1.0, dash: str = ""
) -> str:
    """Return a straight line."""
    more = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}" stroke="{colour}" stroke-opacity="{faint:g}" '
        f'fill="none"{more}/>'
    )


def curve(places: Iterable[tuple[float, float]], colour: str) -> str:
    """Return a line through some places."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path d="M{path}" stroke="{colour}" stroke-width="1.3" fill="none"/>' if path else ""


def dot(x: float, y: float, colour: str = "currentColor", radius: float = 3.0, *, hint: str = "") -> str:
    """Return a disc."""
    inside = f"<title>{escape(hint)}</title>" if hint else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}">{inside}</circle>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of HTML; everything in it is text."""
    top = "".join(f'<th style="text-align:left">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def note(words: str) -> str:
    """Return a line of small text."""
    return f'<div style="font-size:12px;opacity:0.75">{escape(words)}</div>'


def text_of(words: str) -> str:
    """Return words as HTML."""
    return escape(words)
