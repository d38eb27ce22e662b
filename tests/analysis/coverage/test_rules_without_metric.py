"""Rules that can never fire: their metric is not computed, or their column is not tested."""

from __future__ import annotations

from contextlib import closing

import pytest

from coverage_cases import CLEAN, covered, fill
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.verdicts.results import Period, WindowResult, write
from modeltap.config.rule_settings import RuleSettings
from modeltap.store.connection import connect, writing

TOLD = "labels are words and predictions numbers"


def labelled(store, *metrics, version=""):
    with closing(connect(store)) as connection, writing(connection):
        period = Period("m", version, "1h", "2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00.000Z")
        write(connection, WindowResult(period, list(metrics)))


def idle(store, *rules, environment=None):
    findings = covered(store, environment=environment, rules=rules)
    return {
        finding.subject: finding for finding in findings.problems if finding.check == "settings"
    }


ACCURACY = RuleSettings(rule="performance", metric="accuracy", below=0.9)
MAE = RuleSettings(metric="mae", above=12.0)


def test_nothing_is_reported_before_a_labelled_window(store):
    fill(store, CLEAN)
    assert idle(store, ACCURACY, MAE) == {}


@pytest.mark.parametrize(
    ("metric", "is_idle"),
    [
        (Metric(metric="accuracy", rows=50, verdict="not_comparable", explanation=TOLD), True),
        (Metric(metric="accuracy", rows=50, verdict="not_enough_rows"), False),
        (Metric(metric="accuracy", rows=50, verdict="ok", value=0.9), False),
        (Metric(metric="accuracy", rows=50, verdict="learning", value=0.9), False),
    ],
)
def test_a_rule_about_a_metric_that_cannot_be_computed_is_a_problem(store, metric, is_idle):
    fill(store, CLEAN)
    labelled(store, metric)
    findings = idle(store, ACCURACY)
    assert list(findings) == (["the rule with metric = accuracy"] if is_idle else [])
    assert all(finding.reason == TOLD and finding.fix for finding in findings.values())


def test_a_rule_about_a_metric_of_another_task_is_a_problem(store):
    """Classes have no mean error; the available metrics are listed."""
    fill(store, CLEAN)
    labelled(store, Metric(metric="accuracy", rows=50, verdict="ok", value=0.9))
    elsewhere = RuleSettings(metric="mae", model="other", above=1.0)
    off = RuleSettings(rule="performance", metric="mae", enabled=False)
    segment = RuleSettings(metric="accuracy", segment="output=price", below=0.5)
    findings = idle(store, MAE, ACCURACY, elsewhere, off, segment)
    assert list(findings) == [
        "the rule with metric = mae",
        "the rule with metric = accuracy and segment = output=price",
    ]
    assert "available: accuracy" in findings["the rule with metric = mae"].reason


def test_a_rule_is_checked_in_its_environment(store):
    fill(store, CLEAN)
    labelled(store, Metric(metric="accuracy", rows=50, verdict="ok", value=0.9), version="@staging")
    own, other = (
        RuleSettings(metric="mae", environment=finding, above=1.0) for finding in ("staging", "x")
    )
    assert list(idle(store, own, environment="staging")) == ["the rule with metric = mae"]
    assert idle(store, other, environment="staging") == {}
    assert idle(store, own) == {}


@pytest.mark.parametrize(
    ("rule", "is_idle"),
    [
        (RuleSettings(rule="data_drift", feature="user"), True),
        (RuleSettings(rule="data_drift", feature="us*", severity="info"), True),
        (RuleSettings(metric="drift", feature="user", above=0.1), True),
        (RuleSettings(rule="data_drift", feature="*"), False),
        (RuleSettings(rule="data_drift", feature="x"), False),
        (
            RuleSettings(rule="data_quality", metric="missing_rate", feature="user", above=0.1),
            False,
        ),
        (RuleSettings(rule="data_drift", feature="user", enabled=False), False),
    ],
)
def test_a_rule_about_the_drift_of_columns_that_are_not_tested_is_a_problem(store, rule, is_idle):
    fill(store, [{**row, "user": f"u{n}"} for n, row in enumerate(CLEAN)])
    findings = idle(store, rule)
    assert list(findings) == ([f"the rule with feature = {rule.feature}"] if is_idle else [])
    assert all(
        "user is not tested: treated as an id" in finding.reason for finding in findings.values()
    )
