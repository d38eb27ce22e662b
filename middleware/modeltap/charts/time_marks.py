"""Marks on a time axis: events such as alerts, as letters above a chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modeltap.charts.scale import Scale
from modeltap.charts.svg import element, label, text_of
from modeltap.wording import shortened

MARK_KINDS = {
    "A": "an alert starts",
    "V": "a version begins",
    "D": "a deployment was noted",
    "R": "the end of a reference",
}
"""The letters of marks, and what they stand for, in the order of the legend."""

_NEAR = 40.0
"""Marks that are nearer to each other, in user units, are one: their letters would overlap."""

_LISTED = 1
"""Events that a mark lists on pointing; the table of marks has all."""

_TITLE_CHARACTERS = 80


@dataclass(frozen=True)
class Mark:
    """An event on the time axis: its letter in `MARK_KINDS`, its text, and the page behind it."""

    seconds: float
    letter: str
    title: str
    url: str | None = None


def draw_marks(marks: Sequence[Mark], axis: Scale, top: float, base: float) -> str:
    """Draw a line from `top` to `base` for each mark, with its letter above.

    Marks that are near each other become one with a count. Those outside the axis are left out.

    >>> axis = Scale(0.0, 100.0, 0.0, 500.0)
    >>> marks = [Mark(50.0, "A", "drift"), Mark(51.0, "A", "errors"), Mark(99.0, "V", "2 begins")]
    >>> text = draw_marks(marks, axis, 30.0, 200.0)
    >>> text.count("<line"), ">A2<" in text, ">V<" in text
    (2, True, True)
    """
    return "".join(_group(group, axis, top, base) for group in _groups(marks, axis))


def _groups(marks: Sequence[Mark], axis: Scale) -> Iterator[list[Mark]]:
    inside = [mark for mark in marks if axis.low <= mark.seconds <= axis.high]
    group: list[Mark] = []
    for mark in sorted(inside, key=lambda own: own.seconds):
        if group and axis.at(mark.seconds) - axis.at(group[0].seconds) >= _NEAR:
            yield group
            group = []
        group.append(mark)
    if group:
        yield group


def _group(marks: Sequence[Mark], axis: Scale, top: float, base: float) -> str:
    at = axis.at(marks[0].seconds)
    counts = Counter(mark.letter for mark in marks)
    letters = "".join(
        letter if counts[letter] == 1 else f"{letter}{counts[letter]}"
        for letter in sorted(counts, key=list(MARK_KINDS).index)
    )
    titles = [shortened(mark.title, _TITLE_CHARACTERS) for mark in marks[:_LISTED]]
    if len(marks) > _LISTED:
        titles.append(f"and {len(marks) - _LISTED} more")
    shape = element(
        "g",
        element("title", "\n".join(map(text_of, titles))),
        element("line", x1=at, x2=at, y1=top, y2=base),
        label(letters, at, top - 3, text_anchor="middle"),
        class_="mark",
    )
    url = next((mark.url for mark in marks if mark.url is not None), None)
    return shape if url is None else element("a", shape, href=url)
