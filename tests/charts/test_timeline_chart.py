"""The timeline of incidents."""

from __future__ import annotations

import re

import pytest

from modeltap.charts.timeline_chart import TimelineBar, TimelineLane, timeline_chart

DAY = 86_400.0


def rects(text):
    return [
        (float(left), float(width), kind)
        for left, width, kind in re.findall(
            r'<rect x="([-\d.]+)" y="[\d.]+" width="([-\d.]+)"[^>]*class="incident ([^"]+)"', text
        )
    ]


def test_bars_are_in_proportion_to_their_times():
    """An open one reaches to now, and a short one can still be seen."""
    bars = [
        TimelineBar(0.0, DAY, "first", "critical"),
        TimelineBar(2 * DAY, None, "second"),
        TimelineBar(3 * DAY, 3 * DAY + 1, "short", "info"),
    ]
    text = timeline_chart("t", "d", [TimelineLane("x", bars)], 4 * DAY)
    (start, day, first), (middle, two, second), (_, short, third) = rects(text)
    assert two == pytest.approx(2 * day, abs=0.2) and middle == pytest.approx(
        start + 2 * day, abs=1
    )
    assert (first, second, third) == ("over critical", "open warning", "over info")
    assert short == 4 and text.count("▶") == 1 and {"▲", "●", "○"} <= set(text)


def test_hostile_names_are_text():
    bar = TimelineBar(0.0, None, "</title><script>", "<b>", "/a?b=1&c=2")
    text = timeline_chart("<i>", "\x1b", [TimelineLane("<script>" * 20, [bar])], 0.0)
    assert "<script>" not in text and "<b>" not in text and "&amp;c=2" in text


def test_without_incidents_it_is_empty():
    assert "<svg" in timeline_chart("t", "d", [], 5.0)
