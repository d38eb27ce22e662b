"""The lines of a table: complete in a pipe, fitted to the width of a terminal.

On a terminal, a table that is too wide first loses its empty columns, then its sentences move
below their rows, then it loses its less important columns, then the widest names are cut. Numbers,
times and ids are never cut: if they do not fit, each row becomes a list of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from modeltap.text_width import cut, padded, width, wrapped

Paint = Callable[[str, str], str]
"""Returns a cell in its colour, from the column's name and the cell's text."""

_GAP = 2
_INDENT = "    "
"""Before a sentence below its row."""

_NARROWEST_NAME = 8
"""A name that is cut further cannot be recognised."""

_NARROWEST_VALUE = 20
"""Beside less room, a value stands below its name."""

_NUMBER = re.compile(r"[-+0-9.,:% ()toe]*|\d{4}-\d{2}-\d{2}.*")
"""Numbers, intervals and times; a part of one would be a wrong value."""


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    Attributes:
        is_sentence: it may stand below its row.
        is_whole: it is never cut, such as an id to copy.
        is_right: its cells are aligned on the right, such as counts.
        rank: columns of a lower rank are left out first if there is no room; None never is.
    """

    name: str
    header: str
    is_sentence: bool = False
    is_whole: bool = False
    is_right: bool = False
    rank: int | None = None


@dataclass(frozen=True)
class LaidOut:
    """The lines of a table, whether a name was cut to fit, and the columns left out to fit."""

    lines: list[str]
    is_cut: bool = False
    left_out: tuple[str, ...] = ()


def table_lines(
    columns: Sequence[TableColumn],
    cells: Sequence[Sequence[str]],
    room: int | None = None,
    *,
    ellipsis: str = "…",
    paint: Paint = lambda _, text: text,
) -> LaidOut:
    """Return a table's lines, the header first.

    Args:
        cells: escaped texts, in the order of the columns.
        room: the terminal's columns; None for a pipe, where each row is one line.

    >>> columns = [TableColumn("name", "name"), TableColumn("why", "why", is_sentence=True)]
    >>> print(*table_lines(columns, [["temp", "warmer than before"]], 20).lines, sep="|")
    name|temp|    warmer than|    before
    """
    widths = _widths(columns, cells)
    places = list(range(len(columns)))
    if room is None or _total(widths, places) <= room:
        return LaidOut(_grid(columns, cells, places, widths, ellipsis, paint))
    places = [place for place in places if any(row[place] for row in cells)]
    below: list[int] = []
    if _total(widths, places) > room:
        below = [place for place in places if columns[place].is_sentence]
        places = [place for place in places if place not in below]
    kept = _kept(columns, places, widths, room)
    left_out = tuple(columns[place].header for place in places if place not in kept)
    fitted = _fitted(columns, cells, kept, widths, room)
    if fitted is None:
        return LaidOut(_records(columns, cells, places + below, room, paint))
    places = kept
    lines = _grid(columns, cells, places, fitted, ellipsis, paint)
    body = [
        line
        for row, text in zip(cells, lines[1:], strict=True)
        for line in (text, *_sentences(row, below, room))
    ]
    return LaidOut([lines[0], *body], fitted != widths, left_out)


def _widths(columns: Sequence[TableColumn], cells: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(width(column.header), *(width(row[place]) for row in cells), 0)
        for place, column in enumerate(columns)
    ]


def _total(widths: Sequence[int], places: Sequence[int]) -> int:
    return sum(widths[place] for place in places) + _GAP * max(0, len(places) - 1)


def _kept(
    columns: Sequence[TableColumn], places: list[int], widths: Sequence[int], room: int
) -> list[int]:
    """Return the places of the columns that fit, without those of the lowest ranks."""
    while _total(widths, places) > room:
        ranks = [rank for place in places if (rank := columns[place].rank) is not None]
        if not ranks:
            break
        places = [place for place in places if columns[place].rank != min(ranks)]
    return places


def _fitted(
    columns: Sequence[TableColumn],
    cells: Sequence[Sequence[str]],
    places: Sequence[int],
    widths: Sequence[int],
    room: int,
) -> list[int] | None:
    """Return the widths with the widest names cut; None if the table cannot fit."""
    fitted = list(widths)
    names = [
        place
        for place in places
        if not columns[place].is_whole and not all(_NUMBER.fullmatch(row[place]) for row in cells)
    ]
    excess = _total(fitted, places) - room
    while excess > 0:
        widest = max(names, key=lambda place: fitted[place], default=None)
        if widest is None or fitted[widest] <= _NARROWEST_NAME:
            return None
        # Down to the next width at once: a name may have a million characters.
        others = [fitted[place] for place in names if fitted[place] < fitted[widest]]
        step = min(excess, max(1, fitted[widest] - max([_NARROWEST_NAME, *others])))
        fitted[widest] -= step
        excess -= step
    return fitted


def _grid(
    columns: Sequence[TableColumn],
    cells: Sequence[Sequence[str]],
    places: Sequence[int],
    widths: Sequence[int],
    ellipsis: str,
    paint: Paint,
) -> list[str]:
    headers = [column.header for column in columns]
    lines = []
    for row in (headers, *cells):
        parts = []
        for place in places:
            text = cut(row[place], widths[place], ellipsis)
            name = "" if row is headers else columns[place].name
            # The spaces are not painted, so that nothing is left at the end of a line.
            spaces = " " * (widths[place] - width(text))
            shown = paint(name, text)
            parts.append(spaces + shown if columns[place].is_right else shown + spaces)
        lines.append((" " * _GAP).join(parts).rstrip())
    return lines


def _sentences(row: Sequence[str], below: Sequence[int], room: int) -> list[str]:
    return [
        line
        for place in below
        if row[place]
        for line in wrapped(row[place], room, _INDENT, _INDENT)
    ]


def _records(
    columns: Sequence[TableColumn],
    cells: Sequence[Sequence[str]],
    places: Sequence[int],
    room: int,
    paint: Paint,
) -> list[str]:
    """Return each row as a list of its columns, which fits any width."""
    label = max((width(columns[place].header) for place in places), default=0) + _GAP
    if room - label < _NARROWEST_VALUE:
        label = 0
    lines: list[str] = []
    for row in cells:
        lines += [""] if lines else []
        for place in places:
            if row[place]:
                lines += _record_lines(columns[place], row[place], label, room, paint)
    return lines


def _record_lines(
    column: TableColumn, text: str, label: int, room: int, paint: Paint
) -> Iterator[str]:
    """Yield the lines of a cell beside its header of `label` columns, or below it if that is 0."""
    indent = " " * (label or _GAP)
    texts = [line[len(indent) :] for line in wrapped(text, room, indent, indent)]
    shown = [paint(column.name, line) for line in texts]
    if label:
        yield padded(column.header, label) + shown.pop(0)
    else:
        yield cut(column.header, room)
    yield from (indent + line for line in shown)
