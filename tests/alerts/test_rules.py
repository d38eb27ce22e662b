"""Every metric of DESIGN.md's rules speaks for its rule; what only describes speaks for none."""

from __future__ import annotations

import pytest

from modeltap.alerts.rules import fingerprint, rule_of


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
def test_rule_of_a_metric(metric, feature, rule, severity):
    found = rule_of(metric, feature)
    assert (found.name, found.severity) == (rule, severity)


@pytest.mark.parametrize("metric", ["psi", "ks", "throughput_rps", "label_coverage", "nonsense"])
def test_what_describes_has_no_rule(metric):
    assert rule_of(metric, "temp") is None


def test_fingerprints_tell_all_subjects_apart():
    subject = ["data_drift", "flights", "1", "drift", "temp", "sex=F"]
    others = [[*subject[:i], "else", *subject[i + 1 :]] for i in range(6)]
    # Joined texts would make these two one.
    others += [["data_drift", "flights1", "", "drift", "temp", "sex=F"], [*subject[:5], None]]
    marks = {fingerprint(*one) for one in [subject, *others]}
    assert len(marks) == len(others) + 1
    assert fingerprint(*subject) == fingerprint(*subject)
