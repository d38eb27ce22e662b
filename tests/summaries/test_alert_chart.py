"""The chart that caused an alert."""

from __future__ import annotations

import pytest

from modeltap import clock
from modeltap.store.alerts import list_alerts
from modeltap.summaries.alert_chart import alert_chart


def alerts(reader, **wanted):
    return [
        alert
        for alert in list_alerts(reader, "m", None)
        if all(alert[name] == value for name, value in wanted.items())
    ]


@pytest.mark.parametrize("metric", ["drift", "mae"])
def test_its_windows_are_shaded_and_its_limit_is_drawn(reader, metric):
    alert = alerts(reader, metric=metric)[0]
    made = alert_chart(reader, alert)
    (span,) = made.chart.spans
    assert span.start == clock.parse(alert["window_start"]) < span.end <= made.chart.end
    assert made.chart.start < span.start  # windows before it are shown, too
    assert made.chart.thresholds == [alert["threshold"]]
    fired = [p for p in made.chart.lines[0].points if p.seconds == span.start]
    assert fired[0].alerts and alert["value"] in [p.value for p in made.chart.lines[0].points]
    assert bool(made.pairs) == (alert["feature"] is not None)


def test_other_events_are_marks(reader):
    """The alert itself is not: it is shaded."""
    first = alerts(reader, metric="drift")[0]
    letters = [mark.letter for mark in alert_chart(reader, first).chart.marks]
    assert letters.count("A") == len([a for a in alerts(reader) if a["state"] != "pending"]) - 1


def test_alerts_without_a_metric_in_windows(reader):
    alert = {**alerts(reader)[0], "metric": "no_traffic", "feature": None, "segment": None}
    assert alert_chart(reader, alert) is None


@pytest.mark.parametrize("year", ["2020", "2030"])
def test_an_alert_whose_windows_are_gone_has_a_chart(reader, year):
    """Windows that are analysed again may lack its metric; earlier or later ones may have it."""
    own = alerts(reader, metric="mae")[0]
    names = ("window_start", "window_end", "last_window_start")
    alert = {**own, **{name: f"{year}{own[name][4:]}" for name in names}}
    made = alert_chart(reader, alert)
    (span,) = made.chart.spans
    assert made.chart.start <= span.start == clock.parse(alert["window_start"])
    assert span.start < span.end == clock.parse(alert["window_end"]) <= made.chart.end
