"""Timeline: incidents as bars over time, a lane for each subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modeltap.charts.scale import Scale, time_ticks
from modeltap.charts.svg import element, label, picture, short_label, text_of

_WIDTH, _LEFT, _RIGHT = 1160.0, 240.0, 24.0
_LANE, _BAR, _TOP, _FOOT = 22.0, 12.0, 8.0, 24.0
_NAME_CHARACTERS = 36
_SHORTEST = 4.0
"""The least width of a bar, so that a short incident can be seen and clicked."""

_SIGNS = {"critical": "▲", "warning": "●", "info": "○"}
"""The sign of a severity at the start of its bar: colour is not the only one."""


@dataclass(frozen=True)
class TimelineBar:
    """An incident.

    Attributes:
        start, end: seconds since the epoch; it is open if `end` is None.
        words: what it is, for pointing at it and for screen readers.
        url: its page; None without one, as in a report.
    """

    start: float
    end: float | None
    words: str
    severity: str = "warning"
    url: str | None = None


@dataclass(frozen=True)
class TimelineLane:
    """A subject, and its incidents."""

    name: str
    bars: Sequence[TimelineBar]


def timeline_chart(title: str, description: str, lanes: Sequence[TimelineLane], now: float) -> str:
    """Draw a bar for each incident; an open one reaches to `now` and has an arrow.

    >>> bar = TimelineBar(0.0, None, "drift of x")
    >>> text = timeline_chart("Alerts", "", [TimelineLane("x", [bar])], 86_400.0)
    >>> "drift of x" in text and "▶" in text
    True
    """
    starts = [bar.start for lane in lanes for bar in lane.bars]
    ends = [now if bar.end is None else bar.end for lane in lanes for bar in lane.bars]
    low, high = min(starts, default=now - 1), max(ends, default=now)
    scale = Scale(low, max(high, low + 1), _LEFT, _WIDTH - _RIGHT)
    bottom = _TOP + len(lanes) * _LANE
    rows = (_lane(lane, _TOP + place * _LANE, scale, high) for place, lane in enumerate(lanes))
    height = bottom + _FOOT
    return picture(
        title,
        description,
        _WIDTH,
        height,
        _axis(scale, bottom),
        *rows,
        name="chart timeline-chart",
    )


def _axis(scale: Scale, bottom: float) -> str:
    ticks = (
        element("line", x1=x, x2=x, y1=_TOP, y2=bottom)
        + label(tick.label, x, bottom + 15, text_anchor="middle")
        for tick in time_ticks(scale.low, scale.high, 8)
        for x in (scale.at(tick.seconds),)
    )
    return element("g", *ticks, class_="axis")


def _lane(lane: TimelineLane, top: float, scale: Scale, high: float) -> str:
    name = short_label(lane.name, _NAME_CHARACTERS, _LEFT - 12, top + 14, text_anchor="end")
    return element("g", name, *(_bar(bar, top, scale, high) for bar in lane.bars))


def _bar(bar: TimelineBar, top: float, scale: Scale, high: float) -> str:
    left = scale.at(bar.start)
    right = max(scale.at(high if bar.end is None else bar.end), left + _SHORTEST)
    state = "open" if bar.end is None else "over"
    parts = [
        element("title", text_of(bar.words)),
        element(
            "rect",
            x=left,
            y=top + 4,
            width=right - left,
            height=_BAR,
            rx=2,
            class_=f"incident {state} {bar.severity if bar.severity in _SIGNS else 'warning'}",
        ),
        label(_SIGNS.get(bar.severity, "●"), left, top + 14, text_anchor="middle", class_="sign"),
    ]
    if bar.end is None:
        parts.append(label("▶", right, top + 14, text_anchor="middle", class_="sign"))
    if bar.url is None:
        return element("g", *parts)
    return element("a", *parts, href=bar.url, aria_label=bar.words)
