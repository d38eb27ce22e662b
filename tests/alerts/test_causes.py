"""Causes of alerts: consequences are not reported, later and configured alerts are."""

from __future__ import annotations

import pytest

from modeltap import clock

FAR_OUT = ("drift", "outlier_rate", "out_of_range_rate")


def _fired(transitions):
    return sorted(one.alert["metric"] for one in transitions if one.event == "alert.firing")


@pytest.fixture
def rows(row):
    def made(week, metrics, verdict="alert", **overrides):
        return [row(week, verdict, metric=metric, **overrides) for metric in metrics]

    return made


@pytest.mark.parametrize(
    "metrics, sent",
    [
        (FAR_OUT, "out_of_range_rate"),
        (("drift", "outlier_rate"), "outlier_rate"),
        ((*FAR_OUT, "constant_feed"), "constant_feed"),
    ],
)
def test_consequences_are_not_reported_separately(connection, process, rows, metrics, sent):
    for week in range(3):
        assert _fired(process(*rows(week, metrics))) == ([sent] if week == 0 else [])
    assert [one["metric"] for one in connection.execute("select metric from alerts")] == [sent]


def test_row_metrics_of_one_cause_are_one_alert(process, rows):
    metrics = ("row_outlier_rate", "multivariate_drift")
    assert _fired(process(*rows(0, metrics, feature=None))) == ["multivariate_drift"]


def test_a_pending_consequence_is_not_reported_after_its_cause_fired(process, rows):
    assert _fired(process(*rows(0, FAR_OUT, strength=1.2))) == []
    assert _fired(process(*rows(1, FAR_OUT, strength=1.2))) == ["out_of_range_rate"]
    assert _fired(process(*rows(2, FAR_OUT))) == []


def test_drift_without_outliers_is_an_alert(process, rows):
    """If the bulk has moved, outliers have no verdict."""
    assert _fired(process(*rows(0, ["drift"]), *rows(0, ["outlier_rate"], None))) == ["drift"]


@pytest.mark.parametrize("later, news", [(1, []), (2, ["drift"])])
def test_a_later_consequence_is_a_new_alert(process, rows, later, news):
    for week in range(later):
        process(*rows(week, ["outlier_rate"]), *rows(week, ["drift"], "ok"))
    assert _fired(process(*rows(later, ["outlier_rate", "drift"]))) == news


@pytest.mark.parametrize(
    "metric, sent", [("outlier_rate", []), ("out_of_range_rate", ["out_of_range_rate"])]
)
def test_outliers_are_no_news_while_the_drift_lasts(process, rows, metric, sent):
    """Outliers without drift in one window of a drifting column, because its rows are few."""
    for week in range(4):
        process(*rows(week, ["drift"]), *rows(week, [metric], "ok"))
    assert _fired(process(*rows(4, ["drift"], "ok"), *rows(4, [metric]))) == sent
    process(*rows(5, ["drift"], "ok"), *rows(5, [metric], "ok"))
    assert _fired(process(*rows(6, ["drift"], "ok"), *rows(6, [metric]))) == [metric]


def test_another_column_or_segment_explains_nothing(process, rows):
    elsewhere = [
        *rows(0, ["outlier_rate"], feature="wind"),
        *rows(0, ["outlier_rate"], segment="origin=JFK"),
    ]
    found = process(*rows(0, ["drift"]), *elsewhere)
    assert _fired(found) == ["drift", "outlier_rate", "outlier_rate"]


def test_a_configured_threshold_always_alerts(process, rows):
    rules = [{"rule": "outliers", "metric": "outlier_rate", "above": 0.05}]
    found = process(*rows(0, FAR_OUT, value=0.09), rules=rules)
    assert _fired(found) == ["out_of_range_rate", "outlier_rate"]


def test_the_consequence_of_an_unwatched_cause_is_reported(process, rows):
    rules = [{"rule": "outliers", "enabled": False}]
    assert _fired(process(*rows(0, ["drift", "outlier_rate"]), rules=rules)) == ["drift"]


SWAPPED = '["width", "height"]'


def _swap(row, week, related=SWAPPED, **overrides):
    heads = row(week, "alert", feature="width", related=related, **overrides)
    others = [row(week, "alert", metric=name, feature="height") for name in FAR_OUT]
    return [*others, heads]


def test_a_finding_about_two_columns_is_one_alert(connection, process, row):
    """Other alerts about the second column are its consequences, in this window and the next."""
    (one,) = process(*_swap(row, 0))
    assert (one.alert["feature"], one.alert["related"]) == ("width", SWAPPED)
    # The next window's rows do not show it as clearly.
    assert process(*_swap(row, 1, related=None)) == []
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["related"] == SWAPPED


def test_a_finding_is_not_explained_by_its_own_consequences(process, row):
    """For a renamed category, unseen values alert and the drift follows, in any order."""
    unseen = row(0, "alert", metric="unseen_rate", feature="channel", related='["channel"]')
    drift = row(0, "alert", feature="channel")
    outliers = row(0, "alert", metric="outlier_rate", feature="channel")
    assert _fired(process(drift, outliers, unseen)) == ["unseen_rate"]


def test_drift_a_day_later_is_explained_by_the_renamed_category(process, row, week):
    """Quality has hourly windows, drift daily ones; both cover the same time."""
    hour = {"window": "1h", "window_start": week(0), "window_end": week(1)}
    process(row(0, "alert", metric="unseen_rate", feature="c", related='["c"]', **hour))
    assert process(row(0, "alert", feature="c")) == []


def test_later_or_unrelated_drift_alerts_besides_a_finding(process, row):
    process(*_swap(row, 0), row(0, "ok", feature="depth"))
    process(*_swap(row, 1), row(1, "ok", feature="depth"))
    assert _fired(process(*_swap(row, 2), row(2, "alert", feature="depth"))) == ["drift"]


@pytest.fixture
def at(row):
    """Return an alerting row of an hour or a day, so many hours after a start."""

    def made(hour, metric, hours=1, verdict="alert", **overrides):
        start, end = (1_700_006_400 + 3600 * at for at in (hour, hour + hours))
        window = {1: "1h", 24: "1d"}[hours]
        times = {"window": window, "window_start": clock.iso(start), "window_end": clock.iso(end)}
        return row(0, verdict, metric=metric, **times, **overrides)

    return made


@pytest.mark.parametrize(
    "hour, metric, sent",
    [
        (30, "outlier_rate", False),
        (300, "outlier_rate", False),
        (30, "out_of_range_rate", False),
        (47, "constant_feed", False),
        (48, "out_of_range_rate", True),
        (300, "constant_feed", True),
        (30, "missing_rate", True),
    ],
)
def test_alerts_of_hours_follow_from_the_drift_of_a_day(process, at, hour, metric, sent):
    """With few rows, quality has hourly windows and drift daily ones.

    Within the drift's first two days; rates of outliers mean nothing until the drift ends.
    """
    assert _fired(process(at(0, "drift", 24))) == ["drift"]
    for quiet in range(hour - 3, hour):
        assert process(at(quiet, metric, verdict="ok")) == []
    assert bool(process(at(hour, metric))) is sent


def test_a_cause_that_only_the_outliers_show_is_no_news_while_the_drift_lasts(process, at):
    """Of 100 rows of an hour, chance or the drift may look like another unit."""
    process(at(0, "drift", 24))
    assert process(at(40, "outlier_rate", related='["temp"]')) == []
    assert _fired(process(at(41, "out_of_range_rate", related='["temp"]')))


@pytest.mark.parametrize("hours", [1, 24])
def test_a_finding_is_one_alert_whichever_metric_shows_it(connection, process, at, hours):
    """The columns stay swapped, but each window's clearest metric is another one."""
    finding = {"related": SWAPPED}
    assert len(process(at(0, "drift", feature="width", **finding))) == 1
    quiet = [at(hour, "out_of_range_rate", feature="height", verdict="ok") for hour in range(1, 9)]
    assert [process(one) for one in quiet] == [[]] * 8
    assert process(at(24, "out_of_range_rate", hours, feature="height", **finding)) == []
    assert process(at(24 + hours, "out_of_range_rate", hours, feature="width", related="[]"))


def test_a_finding_is_news_beside_an_alert_that_fired_without_it(process, at):
    """The first message did not name the cause, even if the same metric shows it later."""
    assert _fired(process(at(0, "outlier_rate", feature="x"))) == ["outlier_rate"]
    assert process(at(1, "outlier_rate", feature="x", related='["x"]')) == []
    assert _fired(process(at(0, "drift", 24, feature="x", related='["x"]'))) == ["drift"]
    assert process(at(2, "out_of_range_rate", feature="x", related='["x"]')) == []
