"""Heat map: features by windows, darker for stronger drift, a dot for an alert, marks of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from modeltap.charts.scale import Scale, time_ticks
from modeltap.charts.svg import element, label, picture, short_label, text_of
from modeltap.charts.time_marks import Mark, draw_marks

_NAMES_WIDTH = 150.0
_CELLS_WIDTH = 720.0
_ROW = 18.0
_TOP = 4.0
_LETTERS = 18.0
"""The room for the letters of marks, above the cells."""

_FOOT = 22.0
_NAME_CHARACTERS = 22

LEVELS = (0.25, 0.5, 1.0, 2.0)
"""Strengths (effect divided by its floor) from which a cell is a shade darker."""


class HeatCell(NamedTuple):
    """A feature in a period: its worst window.

    Attributes:
        column: the number of the period, from 0.
        strength: the effect divided by its floor; None if it was not tested.
        alerts: whether a window's verdict is `alert`.
        title: what a reader sees when pointing at it.
        url: the page behind it; None for a picture without links.
    """

    column: int
    strength: float | None
    alerts: bool
    title: str
    url: str | None = None


@dataclass(frozen=True)
class HeatRow:
    """A feature and its cells."""

    name: str
    cells: Sequence[HeatCell]
    url: str | None = None


@dataclass(frozen=True)
class HeatMap:
    """The content of a heat map.

    Attributes:
        start, end: seconds since the epoch.
        columns: the number of periods of equal length.
    """

    title: str
    description: str
    start: float
    end: float
    columns: int
    rows: Sequence[HeatRow] = field(default_factory=tuple)
    marks: Sequence[Mark] = ()


def heat_map(data: HeatMap) -> str:
    """Draw a heat map.

    >>> cell = HeatCell(0, 2.5, True, "distance, 1 March: alert")
    >>> text = heat_map(HeatMap("Drift", "", 0.0, 86_400.0, 24, [HeatRow("distance", [cell])]))
    >>> "level-4" in text and "distance, 1 March: alert" in text
    True
    """
    top = _TOP + (_LETTERS if data.marks else 0.0)
    height = top + _ROW * len(data.rows) + _FOOT
    axis = Scale(data.start, data.end, _NAMES_WIDTH, _NAMES_WIDTH + _CELLS_WIDTH)
    rows = "".join(
        _row(row, top + place * _ROW, data.columns) for place, row in enumerate(data.rows)
    )
    base = height - _FOOT
    ticks = (
        element("line", x1=axis.at(t.seconds), x2=axis.at(t.seconds), y1=base, y2=base + 4.0)
        + label(t.label, axis.at(t.seconds), base + 16, text_anchor="middle")
        for t in time_ticks(data.start, data.end, 7)
        if axis.at(t.seconds) < _NAMES_WIDTH + _CELLS_WIDTH - 30
    )
    return picture(
        data.title,
        data.description,
        _NAMES_WIDTH + _CELLS_WIDTH + 4,
        height,
        element("g", rows),
        element("g", *ticks, class_="axis"),
        draw_marks(data.marks, axis, top - 2, base),
        name="chart heat-map",
    )


def _row(row: HeatRow, top: float, columns: int) -> str:
    name = short_label(row.name, _NAME_CHARACTERS, _NAMES_WIDTH - 6, top + 13, text_anchor="end")
    width = _CELLS_WIDTH / columns
    cells = (_cell(cell, _NAMES_WIDTH + cell.column * width, top, width) for cell in row.cells)
    return (name if row.url is None else element("a", name, href=row.url)) + "".join(cells)


def _cell(cell: HeatCell, left: float, top: float, width: float) -> str:
    # Written by hand: a page has thousands, and `element` takes ten times as long.
    gap = min(1.0, width * 0.15)
    shape = (
        f'<rect x="{left:.1f}" y="{top + 1:.1f}" width="{width - gap:.1f}" '
        f'height="{_ROW - 2:.0f}" class="level-{level(cell.strength)}">'
        f"<title>{text_of(cell.title)}</title></rect>"
    )
    if cell.alerts:
        shape += (
            f'<circle cx="{left + (width - gap) / 2:.1f}" cy="{top + _ROW / 2:.1f}" '
            f'r="{min(3.0, max(1.2, width / 3)):.1f}" class="alert-dot"/>'
        )
    return shape if cell.url is None else f'<a href="{text_of(cell.url)}">{shape}</a>'


def level(strength: float | None) -> str:
    """Return the shade of a strength: "none" for an untested cell, else 0 to 4.

    >>> [level(strength) for strength in (None, 0.1, 0.3, 1.0, 7.0)]
    ['none', '0', '1', '3', '4']
    """
    if strength is None or strength != strength:  # NaN
        return "none"
    return str(sum(strength >= limit for limit in LEVELS))
