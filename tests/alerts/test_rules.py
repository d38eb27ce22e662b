"""Alert rules: defaults by metric, entries of the settings, and errors."""

from __future__ import annotations

import pytest

from modeltap.alerts.rules import DEFAULT_RULES, default_rule, fingerprint, rules_for
from modeltap.config import sources
from modeltap.config.rule_settings import RuleSettings, parse_rule
from modeltap.errors import ConfigError


@pytest.mark.parametrize(
    ("metric", "feature", "rule", "severity"),
    [
        ("drift", "temp", "data_drift", "warning"),
        ("drift", "prediction", "prediction_drift", "warning"),
        ("drift", "score", "prediction_drift", "warning"),
        ("missing_rate", "temp", "data_quality", "warning"),
        ("unseen_rate", "carrier", "data_quality", "warning"),
        ("type_mismatch_rate", "temp", "data_quality", "warning"),
        ("mae", None, "performance", "critical"),
        ("rmse", None, "performance", "critical"),
        ("accuracy", None, "performance", "critical"),
        ("f1_macro", None, "performance", "critical"),
        ("latency_p50_ms", None, "latency", "warning"),
        ("latency_p95_ms", None, "latency", "warning"),
        ("latency_p99_ms", None, "latency", "warning"),
        ("error_rate", None, "error_rate", "critical"),
    ],
)
def test_the_default_rule_of_a_metric(metric, feature, rule, severity):
    found = default_rule(metric, feature)
    assert (found.name, found.severity) == (rule, severity)


@pytest.mark.parametrize("metric", ["psi", "ks", "throughput_rps", "label_coverage", "nonsense"])
def test_descriptive_metrics_have_no_rule(metric):
    assert default_rule(metric, "temp") is None


def test_fingerprints_differ_for_all_subjects():
    subject = ["data_drift", "flights", "1", "drift", "temp", "sex=F"]
    others = [[*subject[:i], "else", *subject[i + 1 :]] for i in range(6)]
    # Joined texts would make these two one.
    others += [["data_drift", "flights1", "", "drift", "temp", "sex=F"], [*subject[:5], None]]
    marks = {fingerprint(*one) for one in [subject, *others]}
    assert len(marks) == len(others) + 1
    assert fingerprint(*subject) == fingerprint(*subject)


def watching(row, *rules):
    return rules_for(row, [parse_rule(one) for one in rules])


MAE = {"model": "flights", "version": "1", "metric": "mae", "feature": None, "segment": None}
DRIFT = MAE | {"metric": "drift", "feature": "weather.temp"}


def test_a_named_rule_is_added_to_the_default_one():
    usual, own = watching(MAE, {"metric": "mae", "above": 12.0, "severity": "info", "name": "sla"})
    assert (usual.key, usual.severity, usual.settings) == ("performance", "critical", None)
    assert (own.key, own.name, own.severity, own.min_windows) == ("sla", "custom", "info", 1)


def test_later_entries_override_and_disabled_ones_remove():
    first = {"rule": "performance", "severity": "warning"}
    later = {"rule": "performance", "severity": "info", "for": 3}
    (rule,) = watching(MAE, first, later)
    assert (rule.severity, rule.min_windows, rule.strict) == ("info", 3, True)
    assert watching(MAE, first, {"rule": "performance", "enabled": False}) == []


@pytest.mark.parametrize(
    ("about", "fits"),
    [
        ({"feature": "weather.*"}, True),
        ({"feature": "temp"}, False),
        ({"model": "fl*"}, True),
        ({"model": "trains"}, False),
        ({"version": "2"}, False),
        ({"segment": "sex=*"}, False),
        ({"metric": "drift"}, True),
        ({"metric": "psi"}, False),
    ],
)
def test_the_rows_that_a_rule_selects(about, fits):
    (rule,) = watching(DRIFT, {"rule": "data_drift", "severity": "critical"} | about)
    assert rule.severity == ("critical" if fits else "warning")


def test_a_descriptive_metric_can_have_a_rule():
    psi = DRIFT | {"metric": "psi"}
    assert watching(psi, {"rule": "data_drift", "severity": "info"}) == []
    (rule,) = watching(psi, {"rule": "data_drift", "metric": "psi", "above": 0.2})
    assert (rule.name, rule.settings.above) == ("data_drift", 0.2)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"metric": "mea", "above": 1}, "unknown metric 'mea'; did you mean 'mae'?"),
        ({"rule": "data_drfit"}, "unknown rule 'data_drfit'; did you mean 'data_drift'?"),
        ({"metric": "mae", "abvoe": 1}, "unknown option 'abvoe' of rules; did you mean 'above'?"),
        ({"metric": "mae", "above": 1, "below": 0}, "above and below cannot be in one rule"),
        ({"above": 1}, "above needs a metric"),
        ({"metric": "mae"}, "rule 'custom' needs a metric and above, below, change or target"),
        ({"rule": "label_drift"}, "rule 'label_drift' needs a metric and above, below, change or"),
        ({"rule": "label_drift", "metric": "label_mean"}, "rule 'label_drift' needs a metric and"),
        ({"metric": "mae", "above": "high"}, "option rules.above = 'high' is invalid"),
        ({"metric": "mae", "change": -0.1}, "change = -0.1 is invalid"),
        ({"metric": "mae", "above": 1, "within": 0.1}, "within needs a target"),
        ({"metric": "mae", "above": 1, "for": 0}, "for = 0 is invalid"),
        ({"metric": "mae", "above": 1, "min_rows": 0}, "min_rows = 0 is invalid"),
        ({"metric": "mae", "above": 1, "severity": "fatal"}, "option rules.severity = 'fatal'"),
        ({"metric": "mae", "above": 1, "after": "1h"}, "after applies to no_traffic and no_labels"),
        ({"rule": "no_traffic", "after": "soon"}, "after"),
        ({"rule": "data_drift", "window": "1 fortnight"}, "window"),
        ("mae > 12", "rule 'mae > 12' is invalid"),
    ],
)
def test_an_invalid_rule_is_a_one_line_error(wrong, line):
    with pytest.raises(ConfigError) as error:
        sources.load({"rules": [wrong]}, environ={})
    assert line in str(error.value) and "\n" not in str(error.value)


def test_the_scheduler_logs_and_skips_an_invalid_rule(caplog):
    good = {"metric": "mae", "above": 12.0}
    settings = sources.load(
        {"rules": [{"metric": "mea", "above": 1}, good]}, environ={}, tolerant=True
    )
    assert [rule.metric for rule in settings.rules] == ["mae"]
    assert "did you mean 'mae'?" in caplog.text


@pytest.mark.parametrize("settings", [{"severity": "critical"}, {"above": 5.0}])
def test_a_configured_severity_applies_to_small_effects(settings):
    own = DEFAULT_RULES["performance"].with_settings(
        RuleSettings(metric="mae", rule="performance", **settings)
    )
    assert own.severity_of(1.0) == "critical"
