"""Groups of rows as charts: gaps over time, and the rate of each group in its last window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from modeltap import clock
from modeltap.charts.group_chart import GroupValue
from modeltap.charts.line_chart import Line, LineChart, Point
from modeltap.config.metrics import CATALOGUE, reported_by
from modeltap.store.segment_history import SegmentPoint, segment_points, segments_at_last
from modeltap.summaries.metric_charts import MOST_POINTS, ChartSource, interval_text, thinned
from modeltap.wording import number

_MOST_GAPS, _MOST_RATES = 4, 4
"""Pictures of gaps and of rates; the table has all."""

_MOST_GROUPS = 20
"""Groups in a picture, the largest ones."""

_GAP = "_difference"
"""The end of the names of gaps with a verdict."""

_OF_GROUPS = (*reported_by("fairness"), "precision", "mae")
"""Metrics that groups have; the last two are also those of all rows."""


class GapChart(NamedTuple):
    """The chart of a gap, and the rows behind it.

    Attributes:
        reason: why it is nowhere compared in the period; "" if it is.
    """

    name: str
    chart: LineChart
    points: list[SegmentPoint]
    reason: str


class RateChart(NamedTuple):
    """A rate of the groups of a grouping in its last window.

    Attributes:
        more: the number of smaller groups that the picture leaves out.
    """

    title: str
    description: str
    groups: list[GroupValue]
    more: int


@dataclass(frozen=True)
class GroupCharts:
    """The charts of a model's groups, and all of their last values."""

    gaps: list[GapChart]
    rates: list[RateChart]
    last: list[SegmentPoint]


def group_charts(source: ChartSource) -> GroupCharts | None:
    """Return the charts of a model's groups; None if it has no groups.

    Intervals hold for all groups at once. A group with too few rows has a note instead of a value.
    """
    period = source.period
    last = segments_at_last(
        source.connection, source.of, _OF_GROUPS, period.start_text, period.end_text
    )
    groupings = {point.segment for point in last if point.metric.endswith(_GAP)}
    if not groupings:
        return None
    last = [point for point in last if _grouping(point.segment, groupings) is not None]
    tested = [metric for metric in _OF_GROUPS if metric.endswith(_GAP)]
    gaps = [chart for metric in tested for chart in _gaps(source, metric)]
    gaps.sort(key=lambda own: not any(point.verdict == "alert" for point in own.points))
    rates = list(_rates(last, groupings))
    return GroupCharts(gaps[:_MOST_GAPS], rates[:_MOST_RATES], last)


def _gaps(source: ChartSource, metric: str) -> Iterator[GapChart]:
    """Yield the chart of each grouping's gap."""
    period = source.period
    points = segment_points(
        source.connection, source.of, metric, period.start_text, period.end_text
    )
    by_grouping = sorted((p for p in points if "=" not in p.segment), key=lambda p: p.segment)
    for grouping, group in groupby(by_grouping, key=lambda point: point.segment):
        own = list(group)
        chart = _gap_chart(source, metric, grouping, own)
        yield GapChart(f"{metric} {grouping}", chart, own, _reason(chart, own))


def _reason(chart: LineChart, points: Sequence[SegmentPoint]) -> str:
    if chart.lines[0].points:
        return ""
    return next((point.explanation for point in points if point.explanation), "too few rows")


def _gap_chart(
    source: ChartSource, metric: str, grouping: str, points: Sequence[SegmentPoint]
) -> LineChart:
    line = list(_points(points if source.most is None else _thinned(points)))
    thresholds = [point.threshold for point in points if point.threshold is not None]
    entry = CATALOGUE[metric]
    return LineChart(
        f"{metric.replace('_', ' ')} of {grouping}",
        f"{entry.description}, with its interval",
        entry.unit,
        source.period.start,
        source.period.end,
        [Line("gap", "measured", line)],
        thresholds[-1:],
        source.marks,
        height=200,
    )


def _points(points: Iterable[SegmentPoint]) -> Iterator[Point]:
    for point in points:
        seconds = clock.parse(point.window_start)
        if point.value is None or seconds is None:
            continue
        interval = interval_text(point.low, point.high)
        title = (
            f"{clock.short(point.window_start)}: {number(point.value)}{interval}, "
            f"{point.rows:,} rows of compared groups"
        )
        yield Point(seconds, point.value, point.low, point.high, title, point.verdict == "alert")


def _thinned(points: Sequence[SegmentPoint]) -> list[SegmentPoint]:
    return thinned(points, MOST_POINTS, lambda point: point.verdict == "alert")


def _rates(last: Sequence[SegmentPoint], groupings: Set[str]) -> Iterator[RateChart]:
    """Yield a picture for each rate of each grouping."""
    rates: dict[tuple[str, str], list[SegmentPoint]] = {}
    for point in last:
        grouping = _grouping(point.segment, groupings)
        if grouping is not None and grouping != point.segment:
            rates.setdefault((point.metric, grouping), []).append(point)
    for (metric, grouping), own in rates.items():
        largest = sorted(own, key=lambda point: point.rows, reverse=True)
        window = max(point.window_start for point in own)
        yield RateChart(
            f"{metric.replace('_', ' ')} by {grouping}",
            f"{CATALOGUE[metric].description}, window from {clock.short(window)}; "
            "the intervals hold for all groups at once",
            [_group(point, grouping) for point in largest[:_MOST_GROUPS]],
            max(0, len(own) - _MOST_GROUPS),
        )


def _grouping(segment: str, groupings: Set[str]) -> str | None:
    """Return the grouping that a segment is, or that it is a group of; None if there is none.

    >>> [_grouping(segment, {"sex", "sex,race"}) for segment in ("sex", "sex=F,race=2", "class=1")]
    ['sex', 'sex,race', None]
    """
    if segment in groupings:
        return segment
    return max((own for own in groupings if _belongs(segment, own)), key=len, default=None)


def _belongs(segment: str, grouping: str) -> bool:
    first, *others = grouping.split(",")
    return segment.startswith(f"{first}=") and all(f",{name}=" in segment for name in others)


def _group_name(segment: str, grouping: str) -> str:
    """Return a group without the names of its grouping.

    >>> _group_name("sex=F", "sex"), _group_name("sex=F,race=2", "sex,race")
    ('F', 'F, 2')
    """
    first, *others = grouping.split(",")
    name = segment.removeprefix(f"{first}=")
    for other in others:
        name = name.replace(f",{other}=", ", ", 1)
    return name


def _group(point: SegmentPoint, grouping: str) -> GroupValue:
    note = ""
    if point.value is None:
        note = "too few rows" if point.verdict == "not_enough_rows" else point.explanation or ""
    return GroupValue(
        _group_name(point.segment, grouping),
        point.rows,
        point.value,
        point.low,
        point.high,
        note,
    )
