"""Heat map: features by windows, darker for stronger drift, a dot for an alert, marks of events.

A picture of thousands of cells stays small: neighbours of one shade are one line, and the cells of
a row share one image that a click leads through. Cells with an alert are links of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from modeltap.charts.scale import Scale, time_ticks
from modeltap.charts.svg import element, label, picture, short_label, text_of
from modeltap.charts.time_marks import Mark, draw_marks

_NAMES_WIDTH = 150
_CELLS_WIDTH = 960
"""About the width of all cells. Each is a whole number of pixels wide, because pages draw the
picture in its own size: a browser reports the pixel that is clicked."""

_ROW = 18
_TOP = 4
_LETTERS = 18
"""The room for the letters of marks, above the cells."""

_FOOT = 22
_NAME_CHARACTERS = 22

_LINKS_LENGTH = 40_000
"""The length of the links to alerts, in characters: the others are clicked through their row."""

LEVELS = (0.25, 0.5, 1.0, 2.0)
"""Strengths (effect divided by its floor) from which a cell is a shade darker."""

_MOST_WITHOUT_ALERT = 2
"""The darkest shade of a cell without an alert."""


class HeatCell(NamedTuple):
    """A feature in a period: its worst window.

    Attributes:
        column: the number of the period, from 0.
        strength: the effect divided by its floor; None if it was not tested.
        alerts: whether a window's verdict is `alert`.
        value: the drift as text, which ends with ``!`` for an alert, and ``?`` without a test.
        title: the same for an alert, with its time.
        url: the page behind an alert; None for a picture without links.
    """

    column: int
    strength: float | None
    alerts: bool
    value: str
    title: str = ""
    url: str | None = None


@dataclass(frozen=True)
class HeatRow:
    """A feature and its cells, in order.

    Attributes:
        summary: what a reader sees when pointing at the name.
        url: the feature's page.
        click_url: the address that a click on a cell leads to, after which the browser writes
            ``?x,y``: the pixel in the row.
    """

    name: str
    cells: Sequence[HeatCell]
    summary: str = ""
    url: str | None = None
    click_url: str | None = None


@dataclass(frozen=True)
class HeatMap:
    """The content of a heat map.

    Attributes:
        start, end: seconds since the epoch.
        columns: the number of periods of equal length.
        blank_url: an image without content, which rows are clicked through.
    """

    title: str
    description: str
    start: float
    end: float
    columns: int
    rows: Sequence[HeatRow] = field(default_factory=tuple)
    marks: Sequence[Mark] = ()
    blank_url: str | None = None


def cell_width(columns: int) -> int:
    """Return the width of a cell in pixels.

    >>> cell_width(120), cell_width(7), cell_width(1)
    (8, 137, 960)
    """
    return round(_CELLS_WIDTH / columns)


def heat_map(data: HeatMap) -> str:
    """Draw a heat map.

    >>> cell = HeatCell(0, 2.5, True, "0.4!", "distance, 1 March: drift 0.4, alert", "?window=1")
    >>> text = heat_map(HeatMap("Drift", "", 0.0, 86_400.0, 24, [HeatRow("distance", [cell])]))
    >>> "level-4" in text and "distance, 1 March: drift 0.4, alert" in text
    True
    """
    top = _TOP + (_LETTERS if data.marks else 0)
    base = top + _ROW * len(data.rows)
    width = cell_width(data.columns)
    right = _NAMES_WIDTH + width * data.columns
    axis = Scale(data.start, data.end, _NAMES_WIDTH, right)
    ticks = (
        element("line", x1=axis.at(t.seconds), x2=axis.at(t.seconds), y1=base, y2=base + 4)
        + label(t.label, axis.at(t.seconds), base + 16, text_anchor="middle")
        for t in time_ticks(data.start, data.end, 9)
        if axis.at(t.seconds) < right - 30
    )
    return picture(
        data.title,
        data.description,
        right + 4,
        base + _FOOT,
        *(_name(row, top + place * _ROW) for place, row in enumerate(data.rows)),
        _shades(data, top, width),
        element("g", *ticks, class_="axis"),
        draw_marks(data.marks, axis, top - 2, base),
        _clicks(data, top, width),
        _alerts(data, top, width),
        name="chart heat-map",
        is_scaled=False,
    )


def _name(row: HeatRow, top: int) -> str:
    whole = f"{row.name}: {row.summary}" if row.summary else row.name
    name = short_label(
        row.name, _NAME_CHARACTERS, _NAMES_WIDTH - 6, top + 13, whole, text_anchor="end"
    )
    return name if row.url is None else element("a", name, href=row.url)


def _shades(data: HeatMap, top: int, width: int) -> str:
    """Draw the cells of each row and shade as one dashed line: a dash is a cell."""
    rows = (
        element("g", *_row_shades(row, width), transform=_moved(top + place * _ROW + _ROW // 2))
        for place, row in enumerate(data.rows)
    )
    gap = 1 if width > 3 else 0
    return element(
        "g",
        *rows,
        class_="cells",
        stroke_width=_ROW - 2,
        stroke_dasharray=f"{width - gap} {gap}" if gap else None,
    )


def _moved(top: int) -> str:
    return f"translate({_NAMES_WIDTH} {top})"


def _row_shades(row: HeatRow, width: int) -> Iterator[str]:
    lines: dict[str, list[str]] = {}
    for _, group in groupby(enumerate(row.cells), key=_run):
        cells = [cell for _, cell in group]
        start, length = cells[0].column * width, len(cells) * width
        lines.setdefault(_shade(cells[0]), []).append(f"M{start} 0h{length}")
    for shade, parts in lines.items():
        yield f'<path class="level-{shade}" d="{"".join(parts)}"/>'
    dots = "".join(f"M{cell.column * width + width // 2} 0h0" for cell in row.cells if cell.alerts)
    if dots:
        yield f'<path class="alert-dot" d="{dots}"/>'


def _run(numbered: tuple[int, HeatCell]) -> tuple[int, str]:
    """Return what neighbours of one shade have in common."""
    place, cell = numbered
    return cell.column - place, _shade(cell)


def _clicks(data: HeatMap, top: int, width: int) -> str:
    """Return an image for each row that takes clicks on its cells.

    It works without JavaScript, which shows the value of a cell on pointing. Keyboards and screen
    readers have the names of the features, the alerts and the table.
    """
    if data.blank_url is None or not data.rows:
        return ""
    size = {"width": width * data.columns, "height": _ROW}
    rows = (
        element(
            "a",
            element(
                "img",
                src=data.blank_url,
                alt="",
                ismap="",
                **size,
                data_values=" ".join(_values(row, data.columns)),
            ),
            href=row.click_url,
            tabindex=-1,
        )
        for row in data.rows
    )
    return element(
        "foreignObject",
        element(
            "div",
            *rows,
            xmlns="http://www.w3.org/1999/xhtml",
            data_start=f"{data.start:.0f}",
            data_end=f"{data.end:.0f}",
        ),
        x=_NAMES_WIDTH,
        y=top,
        width=size["width"],
        height=_ROW * len(data.rows),
        aria_hidden="true",
    )


def _values(row: HeatRow, columns: int) -> list[str]:
    values = [""] * columns
    for cell in row.cells:
        values[cell.column] = cell.value
    return values


def _alerts(data: HeatMap, top: int, width: int) -> str:
    """Return the links of alerts: of the strongest, if there are too many for a page."""
    rows = (
        element(
            "g",
            *(_alert(cell, width) for cell in cells),
            transform=_moved(top + place * _ROW + 1),
        )
        for place, cells in _linked(data.rows).items()
    )
    return element("g", *rows, class_="alerts")


def _linked(rows: Sequence[HeatRow]) -> dict[int, list[HeatCell]]:
    """Return the cells that get a link of their own, by the number of their row."""
    alerting = [
        (place, cell) for place, row in enumerate(rows) for cell in row.cells if cell.alerts
    ]
    left = _LINKS_LENGTH
    chosen: list[tuple[int, HeatCell]] = []
    for place, cell in sorted(alerting, key=lambda own: own[1].strength or 0.0, reverse=True):
        left -= len(_alert(cell, 1))
        if left < 0:
            break
        chosen.append((place, cell))
    by_row: dict[int, list[HeatCell]] = {}
    for place, cell in sorted(chosen, key=lambda own: (own[0], own[1].column)):
        by_row.setdefault(place, []).append(cell)
    return by_row


def _alert(cell: HeatCell, width: int) -> str:
    start = cell.column * width
    # Written by hand: a page has hundreds, and `element` takes ten times as long.
    shape = f'<path d="M{start} 0v{_ROW - 2}h{width}V0"><title>{text_of(cell.title)}</title></path>'
    return shape if cell.url is None else f'<a href="{text_of(cell.url)}">{shape}</a>'


def _shade(cell: HeatCell) -> str:
    """Return "none" for an untested cell, else 0 to 4; 3 and 4 are left to alerts.

    A small window differs from the reference by chance, and more than a large one may. Without
    an alert, such a difference is not shown as a strong one.

    >>> [_shade(HeatCell(0, strength, False, "")) for strength in (None, 0.1, 0.3, 7.0)]
    ['none', '0', '1', '2']
    >>> [_shade(HeatCell(0, strength, True, "!")) for strength in (1.0, 7.0)]
    ['3', '4']
    """
    strength = cell.strength
    if strength is None or strength != strength:  # NaN
        return "none"
    shade = sum(strength >= limit for limit in LEVELS)
    return str(shade if cell.alerts else min(shade, _MOST_WITHOUT_ALERT))
