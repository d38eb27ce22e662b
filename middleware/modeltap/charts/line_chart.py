"""Line chart: metrics over time, with intervals as bands, a threshold, and marks of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from modeltap.charts.scale import Scale, time_ticks
from modeltap.charts.svg import element, label, picture, text_of
from modeltap.wording import number

_WIDTH, _LEFT, _RIGHT, _TOP, _FOOT = 860.0, 64.0, 12.0, 40.0, 24.0

LineKind = Literal["measured", "estimated", "corrected", "other"]
"""How a line is drawn: solid with dots, dashed, dotted with squares, or thin."""


@dataclass(frozen=True)
class Point:
    """A value at a time, with its interval where there is one, and what is shown on pointing."""

    seconds: float
    value: float
    low: float | None = None
    high: float | None = None
    title: str = ""
    alerts: bool = False
    url: str | None = None


@dataclass(frozen=True)
class Line:
    """A named line; points are in order of time."""

    name: str
    kind: LineKind
    points: Sequence[Point]


@dataclass(frozen=True)
class Mark:
    """An event on the time axis: a letter above the chart, and its text on pointing."""

    seconds: float
    letter: str
    title: str
    url: str | None = None


@dataclass(frozen=True)
class LineChart:
    """The content of a line chart. `start` and `end` are seconds since the epoch."""

    title: str
    description: str
    unit: str
    start: float
    end: float
    lines: Sequence[Line]
    thresholds: Sequence[float] = ()
    marks: Sequence[Mark] = ()
    height: float = 220.0


def line_chart(data: LineChart) -> str:
    """Draw a line chart.

    >>> points = [Point(0.0, 8.0, 7.5, 8.5), Point(86_400.0, 13.0, 12.0, 14.0)]
    >>> line = Line("mae", "measured", points)
    >>> text = line_chart(LineChart("MAE", "by day", "minutes", 0.0, 172_800.0, [line]))
    >>> text.count("<polygon"), text.count("<circle")
    (1, 2)
    """
    x = Scale(data.start, data.end, _LEFT, _WIDTH - _RIGHT)
    y = _vertical(data)
    return picture(
        data.title,
        data.description,
        _WIDTH,
        data.height,
        _axes(data, x, y),
        *(_threshold(value, y) for value in data.thresholds),
        *(
            _mark(mark, x, data.height)
            for mark in data.marks
            if data.start <= mark.seconds <= data.end
        ),
        *(_band(line, x, y) for line in data.lines),
        *(_line(line, x, y) for line in data.lines),
        name="chart line-chart",
    )


def _vertical(data: LineChart) -> Scale:
    values = [*data.thresholds]
    for line in data.lines:
        for point in line.points:
            values += [v for v in (point.value, point.low, point.high) if v is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    floor = 0.0 if 0 <= low < (high - low) else low - margin
    return Scale(floor, high + margin, data.height - _FOOT, _TOP)


def _axes(data: LineChart, x: Scale, y: Scale) -> str:
    base = data.height - _FOOT
    parts = []
    for value in y.ticks(5):
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y.at(value), y2=y.at(value)))
        parts.append(label(number(value), _LEFT - 6, y.at(value) + 4, text_anchor="end"))
    for tick in time_ticks(data.start, data.end, 7):
        at = x.at(tick.seconds)
        if at < _WIDTH - 36:
            parts.append(element("line", x1=at, x2=at, y1=base, y2=base + 4))
            parts.append(label(tick.label, at, base + 16, text_anchor="middle"))
    parts.append(label(data.unit, 2, 11, class_="unit"))
    return element("g", *parts, class_="axis")


def _threshold(value: float, y: Scale) -> str:
    at = y.at(value)
    return element(
        "line",
        element("title", text_of(f"threshold: {number(value)}")),
        x1=_LEFT,
        x2=_WIDTH - _RIGHT,
        y1=at,
        y2=at,
        class_="threshold",
    )


def _mark(mark: Mark, x: Scale, height: float) -> str:
    at = x.at(mark.seconds)
    shape = element(
        "g",
        element("title", text_of(mark.title)),
        element("line", x1=at, x2=at, y1=_TOP - 6, y2=height - _FOOT),
        label(mark.letter, at, _TOP - 9, text_anchor="middle"),
        class_="mark",
    )
    return shape if mark.url is None else element("a", shape, href=mark.url)


def _band(line: Line, x: Scale, y: Scale) -> str:
    edges = [(p, p.low, p.high) for p in line.points if p.low is not None and p.high is not None]
    if len(edges) < 2:
        return "".join(
            element("line", x1=x.at(p.seconds), x2=x.at(p.seconds), y1=y.at(low), y2=y.at(high))
            for p, low, high in edges
        )
    upper = [f"{x.at(p.seconds):.1f},{y.at(high):.1f}" for p, _, high in edges]
    lower = [f"{x.at(p.seconds):.1f},{y.at(low):.1f}" for p, low, _ in reversed(edges)]
    return element("polygon", points=" ".join([*upper, *lower]), class_=f"band {line.kind}")


def _line(line: Line, x: Scale, y: Scale) -> str:
    places = " ".join(f"{x.at(p.seconds):.1f},{y.at(p.value):.1f}" for p in line.points)
    path = element("polyline", points=places, class_=f"line {line.kind}")
    return path + "".join(_points(line, x, y))


def _points(line: Line, x: Scale, y: Scale) -> Iterator[str]:
    for point in line.points:
        at, height = x.at(point.seconds), y.at(point.value)
        title = element("title", text_of(point.title or f"{line.name}: {number(point.value)}"))
        kind = f"point {line.kind}{' alert' if point.alerts else ''}"
        if line.kind == "corrected":
            shape = element(
                "rect", title, x=at - 2.5, y=height - 2.5, width=5, height=5, class_=kind
            )
        else:
            radius = 4.0 if point.alerts else 2.5
            shape = element("circle", title, cx=at, cy=height, r=radius, class_=kind)
        yield shape if point.url is None else element("a", shape, href=point.url)
