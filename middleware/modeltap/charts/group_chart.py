"""Group chart: a value of each group with its interval, and the size of the group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modeltap.charts.scale import Scale, is_drawable
from modeltap.charts.svg import element, label, picture, short_label, text_of
from modeltap.wording import number, plural

_WIDTH, _NAMES, _SIZES, _RIGHT, _TOP, _FOOT = 600.0, 160.0, 125.0, 14.0, 8.0, 24.0
_ROW = 22.0
_NAME_CHARACTERS = 20
_LARGEST_BAR = 50.0


@dataclass(frozen=True)
class GroupValue:
    """A group: its rows, and its value with an interval.

    Attributes:
        value: None if it is not compared.
        note: why it is not compared, such as "too few rows"; it is written in place of the value.
    """

    name: str
    rows: int
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


def group_chart(title: str, description: str, groups: Sequence[GroupValue]) -> str:
    """Draw a row for each group: its name, its size, and its value with the interval.

    A group that is not compared is grey, and its note is written in place of a value.

    >>> large = GroupValue("a", 900, 0.4, 0.3, 0.5)
    >>> small = GroupValue("b", 9, None, note="too few rows")
    >>> text = group_chart("Selection rate", "", [large, small])
    >>> text.count("<circle"), "too few rows" in text, "9 rows" in text
    (1, True, True)
    """
    ends = [
        own
        for group in groups
        for own in (group.value, group.low, group.high)
        if own is not None and is_drawable(own)
    ]
    low, high = (min([0.0, *ends]), max(ends)) if ends else (0.0, 1.0)
    axis = Scale(low, high + (high - low) * 0.04 or 1.0, _NAMES + _SIZES, _WIDTH - _RIGHT)
    base = _TOP + _ROW * len(groups)
    most = max((group.rows for group in groups), default=0) or 1
    ticks = (
        element("line", x1=axis.at(value), x2=axis.at(value), y1=_TOP, y2=base + 4)
        + label(number(value), axis.at(value), base + 16, text_anchor="middle")
        for value in axis.ticks(5)
    )
    rows = (_row(group, _TOP + at * _ROW, axis, most) for at, group in enumerate(groups))
    return picture(
        title,
        description,
        _WIDTH,
        base + _FOOT,
        element("g", *ticks, class_="axis"),
        *rows,
        name="chart group-chart",
    )


def _row(group: GroupValue, top: float, axis: Scale, most: int) -> str:
    middle = top + _ROW / 2
    is_known = group.value is not None and is_drawable(group.value)
    size = plural(group.rows, "row")
    bar = element(
        "rect",
        x=_NAMES,
        y=middle - 4,
        width=max(1.0, _LARGEST_BAR * group.rows / most),
        height=8,
        class_="size",
    )
    return element(
        "g",
        element("title", text_of(f"{group.name}: {_value_text(group)}, {size}")),
        short_label(group.name, _NAME_CHARACTERS, _NAMES - 8, middle + 4, text_anchor="end"),
        bar,
        label(size, _NAMES + _LARGEST_BAR + 4, middle + 4, class_="small"),
        _value(group, axis, middle) if is_known else _note(group, middle),
        class_=None if is_known else "too-small",
    )


def _value_text(group: GroupValue) -> str:
    if group.value is None:
        return group.note or "not compared"
    if group.low is None or group.high is None:
        return number(group.value)
    return f"{number(group.value)} ({number(group.low)} to {number(group.high)})"


def _value(group: GroupValue, axis: Scale, middle: float) -> str:
    point = element("circle", cx=axis.at(group.value or 0.0), cy=middle, r=4, class_="point")
    if not (is_drawable(group.low) and is_drawable(group.high)):
        return point
    ends = (axis.at(group.low or 0.0), axis.at(group.high or 0.0))
    return (
        element("line", x1=ends[0], x2=ends[1], y1=middle, y2=middle, class_="whisker")
        + "".join(
            element("line", x1=end, x2=end, y1=middle - 4, y2=middle + 4, class_="whisker")
            for end in ends
        )
        + point
    )


def _note(group: GroupValue, middle: float) -> str:
    return label(group.note or "not compared", _NAMES + _SIZES + 6, middle + 4, class_="small")
