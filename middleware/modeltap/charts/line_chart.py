"""Line chart: metrics over time, with intervals as bands, thresholds, and marks of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from modeltap.charts.scale import Scale, is_drawable, time_ticks
from modeltap.charts.svg import element, label, picture, text_of
from modeltap.charts.time_marks import Mark, draw_marks
from modeltap.wording import number, percent, shortened

_LEFT, _RIGHT, _TOP, _FOOT = 52.0, 12.0, 40.0, 24.0
_STRIP, _STRIP_GAP = 14.0, 8.0
"""Height of the strip of fractions below the lines, and the room above it."""

_CHARACTER = 7.0
"""About the width of a character of the legend, in user units."""

_LEGEND_CHARACTERS = 34

WIDE = 860.0
"""The width of a chart that stands alone, in user units."""

LineKind = Literal[
    "measured", "estimated", "corrected", "other", "first", "second", "third", "fourth"
]
"""How a line is drawn. `measured` is solid with dots, `estimated` is dashed, `corrected` is dotted
with squares, `other` is thin. The rest is for lines of equal standing: each has its own dashes."""


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
class StripCell:
    """A fraction in the strip below the lines, from a time to the next cell's."""

    seconds: float
    fraction: float
    title: str


@dataclass(frozen=True)
class ShadedSpan:
    """A period that is shaded, with its text on pointing."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class LineChart:
    """The content of a line chart.

    Attributes:
        start, end: seconds since the epoch.
        width, height: in user units; text has its natural size where the page draws it so wide.
        strip: fractions from 0 to 1 in a strip below the lines, such as label coverage.
        strip_name: what the strip shows, next to it.
        spans: periods that are shaded, such as that of an alert.
        limits: the lowest and the highest value that the axis has at least.
    """

    title: str
    description: str
    unit: str
    start: float
    end: float
    lines: Sequence[Line]
    thresholds: Sequence[float] = ()
    marks: Sequence[Mark] = ()
    height: float = 220.0
    width: float = 600.0
    strip: Sequence[StripCell] = ()
    strip_name: str = ""
    spans: Sequence[ShadedSpan] = ()
    limits: tuple[float, ...] = ()


def line_chart(data: LineChart) -> str:
    """Draw a line chart. Values that are not finite are left out.

    >>> points = [Point(0.0, 8.0, 7.5, 8.5), Point(86_400.0, 13.0, 12.0, 14.0)]
    >>> line = Line("mae", "measured", points)
    >>> text = line_chart(LineChart("MAE", "by day", "minutes", 0.0, 172_800.0, [line]))
    >>> text.count("<polygon"), text.count("<circle")
    (1, 2)
    """
    lines = [replace(line, points=list(_drawable(line.points))) for line in data.lines]
    thresholds = [value for value in data.thresholds if is_drawable(value)]
    x = Scale(data.start, data.end, _LEFT, data.width - _RIGHT)
    floor = data.height - _FOOT
    base = floor - _STRIP - _STRIP_GAP if data.strip else floor
    y = _vertical(lines, [*thresholds, *data.limits], base)
    return picture(
        data.title,
        data.description,
        data.width,
        data.height,
        *(_span(span, x, base) for span in data.spans),
        _axes(data, x, y, floor),
        *(_threshold(value, x, y) for value in thresholds),
        draw_marks(data.marks, x, _TOP - 6, base),
        *(_band(line, x, y) for line in lines),
        *(_line(line, x, y) for line in lines),
        _strip(data, x, floor),
        _legend(data),
        name="chart line-chart",
    )


def _drawable(points: Sequence[Point]) -> Iterator[Point]:
    for point in points:
        if not is_drawable(point.value):
            continue
        if is_drawable(point.low) and is_drawable(point.high):
            yield point
        else:
            yield replace(point, low=None, high=None)


def _vertical(lines: Sequence[Line], others: Sequence[float], base: float) -> Scale:
    values = [*others]
    for line in lines:
        for point in line.points:
            values.append(point.value)
            if point.low is not None and point.high is not None:
                values += [point.low, point.high]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    floor = 0.0 if 0 <= low < (high - low) else low - margin
    return Scale(floor, high + margin, base, _TOP)


def _axes(data: LineChart, x: Scale, y: Scale, floor: float) -> str:
    parts = []
    for value in y.ticks(5):
        parts.append(element("line", x1=_LEFT, x2=x.end, y1=y.at(value), y2=y.at(value)))
        parts.append(label(number(value), _LEFT - 6, y.at(value) + 4, text_anchor="end"))
    for tick in time_ticks(data.start, data.end, round(data.width / 110)):
        at = x.at(tick.seconds)
        if at < data.width - 30:
            parts.append(element("line", x1=at, x2=at, y1=floor, y2=floor + 4))
            parts.append(label(tick.label, at, floor + 16, text_anchor="middle"))
    parts.append(label(data.unit, 2, 11, class_="unit"))
    return element("g", *parts, class_="axis")


def _threshold(value: float, x: Scale, y: Scale) -> str:
    at = y.at(value)
    return element(
        "line",
        element("title", text_of(f"threshold: {number(value)}")),
        x1=_LEFT,
        x2=x.end,
        y1=at,
        y2=at,
        class_="threshold",
    )


def _span(span: ShadedSpan, x: Scale, base: float) -> str:
    """Shade a period, with a border on both sides: colour is not the only sign."""
    start, end = (min(max(x.at(at), _LEFT), x.end) for at in (span.start, span.end))
    return element(
        "rect",
        element("title", text_of(span.title)),
        x=start,
        y=_TOP,
        width=max(2.0, end - start),
        height=base - _TOP,
        class_="span",
    )


def _band(line: Line, x: Scale, y: Scale) -> str:
    edges = [(p, p.low, p.high) for p in line.points if p.low is not None and p.high is not None]
    if len(edges) < 2:
        return "".join(
            element(
                "line",
                x1=x.at(p.seconds),
                x2=x.at(p.seconds),
                y1=y.at(low),
                y2=y.at(high),
                class_=f"whisker {line.kind}",
            )
            for p, low, high in edges
        )
    upper = [f"{x.at(p.seconds):.1f},{y.at(high):.1f}" for p, _, high in edges]
    lower = [f"{x.at(p.seconds):.1f},{y.at(low):.1f}" for p, low, _ in reversed(edges)]
    return element("polygon", points=" ".join([*upper, *lower]), class_=f"band {line.kind}")


def _line(line: Line, x: Scale, y: Scale) -> str:
    places = " ".join(f"{x.at(p.seconds):.1f},{y.at(p.value):.1f}" for p in line.points)
    path = element("polyline", points=places, class_=f"line {line.kind}") if places else ""
    return path + element("g", *_points(line, x, y), class_=f"points {line.kind}")


def _points(line: Line, x: Scale, y: Scale) -> Iterator[str]:
    # Written by hand: a page has thousands, and `element` takes ten times as long.
    for point in line.points:
        at, height = x.at(point.seconds), y.at(point.value)
        title = text_of(point.title or f"{line.name}: {number(point.value)}")
        kind = ' class="alert"' if point.alerts else ""
        if line.kind == "corrected":
            shape = (
                f'<rect x="{at - 2.5:.1f}" y="{height - 2.5:.1f}" width="5" height="5"{kind}>'
                f"<title>{title}</title></rect>"
            )
        else:
            radius = "4" if point.alerts else "2.5"
            shape = (
                f'<circle cx="{at:.1f}" cy="{height:.1f}" r="{radius}"{kind}>'
                f"<title>{title}</title></circle>"
            )
        yield shape if point.url is None else element("a", shape, href=point.url)


def _strip(data: LineChart, x: Scale, floor: float) -> str:
    """Draw a column for each run of equal fractions, on a track as high as 100 %."""
    if not data.strip:
        return ""
    track = element(
        "rect",
        x=_LEFT,
        y=floor - _STRIP,
        width=x.end - _LEFT,
        height=_STRIP,
        class_="track",
    )
    runs = [
        list(group) for _, group in groupby(data.strip, key=lambda cell: percent(cell.fraction))
    ]
    lefts = [x.at(run[0].seconds) for run in runs]
    last = x.at(data.strip[-1].seconds)
    step = (last - lefts[0]) / (len(data.strip) - 1) if len(data.strip) > 1 else x.end - last
    rights = [*lefts[1:], min(last + step, x.end)]
    cells = (
        _strip_cell(data.strip_name, run, left, right - left, floor)
        for run, left, right in zip(runs, lefts, rights, strict=True)
    )
    name = label(data.strip_name, _LEFT - 6, floor - 3, text_anchor="end", class_="small")
    return element("g", name, track, *cells, class_="strip")


def _strip_cell(
    name: str, run: Sequence[StripCell], left: float, width: float, floor: float
) -> str:
    height = max(0.0, min(1.0, run[0].fraction)) * _STRIP
    until = "" if len(run) == 1 else f" to {run[-1].title}"
    title = text_of(f"{name}, {run[0].title}{until}: {percent(run[0].fraction)}")
    return (
        f'<rect x="{left:.1f}" y="{floor - height:.1f}" width="{max(0.5, width - 0.4):.1f}" '
        f'height="{height:.1f}"><title>{title}</title></rect>'
    )


def _legend(data: LineChart) -> str:
    """Draw a piece of each line with its name; nothing if there is one line."""
    if len(data.lines) < 2:
        return ""
    at = 22 + _CHARACTER * len(data.unit)
    parts = []
    for line in data.lines:
        name = shortened(line.name, _LEGEND_CHARACTERS)
        parts.append(
            element("line", x1=at, x2=at + 26, y1=7, y2=7, class_=f"line {line.kind}")
            + label(name, at + 31, 11, class_="small")
        )
        at += 31 + _CHARACTER * len(name) + 16
    return element("g", *parts, class_="legend-of-lines")
