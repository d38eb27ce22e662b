"""A column that froze is told once; what comes later, or what somebody asked for, is news."""

from __future__ import annotations

import pytest

FAR_OUT = ("drift", "outlier_rate", "out_of_range_rate")


def _fired(transitions):
    return sorted(one.alert["metric"] for one in transitions if one.event == "alert.firing")


@pytest.fixture
def rows(row):
    def made(week, metrics, verdict="alert", **said):
        return [row(week, verdict, metric=metric, **said) for metric in metrics]

    return made


@pytest.mark.parametrize(
    "metrics, told",
    [
        (FAR_OUT, "out_of_range_rate"),
        (("drift", "outlier_rate"), "outlier_rate"),
        ((*FAR_OUT, "constant_feed"), "constant_feed"),
    ],
)
def test_what_follows_from_it_is_told_with_it(connection, judge, rows, metrics, told):
    for week in range(3):
        assert _fired(judge(*rows(week, metrics))) == ([told] if week == 0 else [])
    assert [one["metric"] for one in connection.execute("select metric from alerts")] == [told]


def test_whole_rows_are_one_fact(judge, rows):
    metrics = ("row_outlier_rate", "multivariate_drift")
    assert _fired(judge(*rows(0, metrics, feature=None))) == ["multivariate_drift"]


def test_what_was_suspected_before_the_cause_fired_is_told_with_it(judge, rows):
    assert _fired(judge(*rows(0, FAR_OUT, strength=1.2))) == []
    assert _fired(judge(*rows(1, FAR_OUT, strength=1.2))) == ["out_of_range_rate"]
    assert _fired(judge(*rows(2, FAR_OUT))) == []


def test_a_drift_without_values_far_out_is_an_alert(judge, rows):
    """The bulk moved: then what lies beyond the old fences has no verdict."""
    assert _fired(judge(*rows(0, ["drift"]), *rows(0, ["outlier_rate"], None))) == ["drift"]


@pytest.mark.parametrize("later, news", [(1, []), (2, ["drift"])])
def test_what_comes_later_is_news(judge, rows, later, news):
    for week in range(later):
        judge(*rows(week, ["outlier_rate"]), *rows(week, ["drift"], "ok"))
    assert _fired(judge(*rows(later, ["outlier_rate", "drift"]))) == news


def test_another_column_or_segment_explains_nothing(judge, rows):
    elsewhere = [
        *rows(0, ["outlier_rate"], feature="wind"),
        *rows(0, ["outlier_rate"], segment="origin=JFK"),
    ]
    found = judge(*rows(0, ["drift"]), *elsewhere)
    assert _fired(found) == ["drift", "outlier_rate", "outlier_rate"]


def test_a_limit_that_somebody_set_is_an_alert_of_its_own(judge, rows):
    rules = [{"rule": "outliers", "metric": "outlier_rate", "above": 0.05}]
    found = judge(*rows(0, FAR_OUT, value=0.09), rules=rules)
    assert _fired(found) == ["out_of_range_rate", "outlier_rate"]


def test_where_the_cause_is_not_watched_its_consequence_is_told(judge, rows):
    rules = [{"rule": "outliers", "enabled": False}]
    assert _fired(judge(*rows(0, ["drift", "outlier_rate"]), rules=rules)) == ["drift"]
