"""Rules with conditions: thresholds, changes, targets, consecutive windows, minimum rows."""

from __future__ import annotations

import pytest


def mae(row, week, value, **overrides):
    about = {
        "metric": "mae",
        "feature": None,
        "value": value,
        "low": None,
        "high": None,
        "strength": None,
        "p_value": None,
        "threshold": None,
        "explanation": None,
    }
    return row(week, None, **about | overrides)


def own(transitions):
    return [
        (one.event, one.alert["summary"]) for one in transitions if one.alert["rule"] == "custom"
    ]


def test_a_threshold_alerts_at_once_with_its_value(process, row, connection):
    rules = [{"metric": "mae", "above": 12.0, "severity": "critical", "name": "sla"}]
    assert own(process(mae(row, 0, 11.9), rules=rules)) == []
    assert own(process(mae(row, 1, 13.5), rules=rules)) == [
        ("alert.firing", "flights: sla: mae is 13.5, above 12 (1,000 rows)")
    ]
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert (alert["severity"], alert["value"], alert["threshold"]) == ("critical", 13.5, 12.0)
    assert [kind for kind, _ in own(process(mae(row, 2, 9.0), rules=rules))] == ["alert.resolved"]


def test_an_alert_about_an_estimate_is_marked(process, row):
    rules = [{"metric": "estimated_mae", "above": 12.0}]
    ((_, summary),) = own(process(mae(row, 0, 13.5, metric="estimated_mae"), rules=rules))
    assert summary == (
        "flights: estimated_mae is 13.5, above 12 (1,000 rows, estimated before all labels arrived)"
    )


@pytest.mark.parametrize(
    ("condition", "value", "low", "high", "fires"),
    [
        ({"above": 12}, 13.5, 9.0, 18.0, False),
        ({"above": 12}, 13.5, 9.2, 17.8, True),
        ({"above": 12}, 13.5, None, None, True),
        ({"below": 0.9}, 0.85, 0.69, 1.01, False),
        ({"below": 0.9}, 0.85, 0.71, 0.99, True),
        ({"target": 10, "within": 0.1}, 11.5, 10.0, 13.0, False),
    ],
)
@pytest.mark.parametrize("measured", [False, True])
def test_an_estimate_is_beyond_a_limit_if_it_surely_is(
    process, row, condition, value, low, high, fires, measured
):
    """A measured value with the same interval is compared by itself."""
    metric = "mae" if measured else "estimated_mae"
    rules = [{"metric": metric, **condition}]
    alerts = own(process(mae(row, 0, value, metric=metric, low=low, high=high), rules=rules))
    assert bool(alerts) == (fires or measured)


@pytest.mark.parametrize(
    ("condition", "values", "fires"),
    [
        ({"above": 12}, [12.0, 12.0], False),
        ({"below": 3}, [3.0, 2.9], True),
        ({"target": 10, "within": 0.2}, [11.9, 8.1], False),
        ({"target": 10, "within": 0.2}, [10, 12.1], True),
        ({"target": 10}, [10, 10.001], True),
        ({"change": 0.25}, [10, 12.4], False),
        ({"change": 0.25}, [10, 12.6], True),
        # Half the error is a change, but none for the worse.
        ({"change": 0.25}, [10, 5.0], False),
    ],
)
def test_each_condition(process, row, condition, values, fires):
    rules = [{"metric": "mae"} | condition]
    fired = []
    for week, value in enumerate(values):
        fired += own(process(mae(row, week, value), rules=rules))
    assert [kind for kind, _ in fired] == (["alert.firing"] if fires else [])


def test_change_is_relative_to_the_reference_if_any(process, row):
    process(mae(row, 0, 8.0, in_reference=1), mae(row, 1, 8.0, in_reference=1))
    rules = [{"metric": "mae", "change": 0.25}]
    process(mae(row, 2, 30.0), rules=[])
    ((_, words),) = own(process(mae(row, 3, 11.0), rules=rules))
    assert words == "flights: mae is 11, up 38 % from 8 (1,000 rows)"


def test_change_is_relative_to_earlier_windows_on_re_evaluation(process, row):
    """A late label causes week 1 to be evaluated again; weeks 2 and 3 are not its baseline."""
    rules = [{"metric": "mae", "change": 0.25}]
    process(mae(row, 0, 8.0), mae(row, 1, 8.0), mae(row, 2, 20.0), mae(row, 3, 20.0), rules=[])
    ((_, words),) = own(process(mae(row, 1, 11.0), rules=rules))
    assert words == "flights: mae is 11, up 38 % from 8 (1,000 rows)"


def test_for_requires_consecutive_windows(process, row, connection):
    rules = [{"metric": "mae", "above": 12.0, "for": 3}]
    values = [13, 13, 11, 13, 13, 13]
    fired = [own(process(mae(row, week, value), rules=rules)) for week, value in enumerate(values)]
    assert [len(one) for one in fired] == [0, 0, 0, 0, 0, 1]
    states = [one["state"] for one in connection.execute("select state from alert_history")]
    assert states == ["pending", "firing"]  # the first pending alert was deleted


def test_too_few_rows_have_no_verdict(process, row):
    rules = [{"metric": "mae", "above": 12.0, "min_rows": 500}]
    assert own(process(mae(row, 0, 99.0, rows=499), rules=rules)) == []
    assert len(own(process(mae(row, 1, 99.0, rows=500), rules=rules))) == 1


def test_a_metric_without_a_value_has_no_verdict(process, row):
    rules = [{"metric": "mae", "below": 12.0}]
    assert own(process(mae(row, 0, None), rules=rules)) == []


def test_segments_are_evaluated_separately(process, row):
    rules = [{"metric": "mae", "above": 12.0, "segment": "sex=*"}]
    changed = process(
        mae(row, 0, 13.0),
        mae(row, 0, 13.0, segment="sex=F"),
        mae(row, 0, 11.0, segment="sex=M"),
        rules=rules,
    )
    assert own(changed) == [("alert.firing", "flights (sex=F): mae is 13, above 12 (1,000 rows)")]


def test_a_disabled_rule_is_quiet(process, row, connection):
    assert process(row(0, "alert"), rules=[{"rule": "data_drift", "enabled": False}]) == []
    assert connection.execute("select count(*) from alerts").fetchone()[0] == 0


def test_for_applies_to_strong_effects(process, row):
    rules = [{"rule": "data_drift", "for": 2}]
    assert process(row(0, "alert", strength=9.0), rules=rules) == []
    (one,) = process(row(1, "alert", strength=9.0), rules=rules)
    assert one.event == "alert.firing"
