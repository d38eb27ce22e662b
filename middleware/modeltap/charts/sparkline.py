"""Sparklines: a line without axes."""

from __future__ import annotations

from collections.abc import Sequence

from modeltap.charts.scale import Scale, is_drawable
from modeltap.charts.svg import element, picture

_WIDTH, _HEIGHT = 120.0, 24.0


def sparkline(values: Sequence[float | None], title: str) -> str:
    """Draw values as a line; None, NaN and infinite values are gaps.

    >>> sparkline([1, 2, None, 3, 4], "requests").count("<polyline")
    2
    """
    values = [value if is_drawable(value) else None for value in values]
    known = [value for value in values if value is not None]
    y = Scale(min([0.0, *known]), max([0.0, *known]), _HEIGHT - 2, 2)
    x = Scale(0, max(1, len(values) - 1), 2, _WIDTH - 2)
    parts: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            parts[-1].append(f"{x.at(place):.1f},{y.at(value):.1f}")
    lines = (
        element("polyline", points=" ".join(part), class_="line other")
        if len(part) > 1
        else _dot(part[0])
        for part in parts
        if part
    )
    return picture(title, "", _WIDTH, _HEIGHT, *lines, name="sparkline")


def _dot(place: str) -> str:
    x, _, y = place.partition(",")
    return element("circle", cx=x, cy=y, r=2, class_="point other")
