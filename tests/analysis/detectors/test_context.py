"""A detector's context: its level, its counts, and the alerts before it."""

from __future__ import annotations

import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors.context import Context, LearntBaselines, baseline_key
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit

COLUMNS = {"x": [float(n) for n in range(60)], "c": ["a", "b", "c"] * 20}
REFERENCE = fit(COLUMNS, 60, model="m")
CONTEXT = Context(REFERENCE, tally(COLUMNS, 60, REFERENCE), alpha=0.01)


def metric(feature, verdict="alert", name="drift"):
    return Metric(metric=name, rows=60, feature=feature, verdict=verdict)


def test_levels_of_all_features_add_up_to_the_windows():
    tested = [feature for feature in REFERENCE.features if feature.is_tested]
    assert CONTEXT.alpha_per_test * len(tested) == pytest.approx(CONTEXT.alpha)
    assert CONTEXT.alpha_per_feature * len(REFERENCE.features) == pytest.approx(CONTEXT.alpha)
    nothing = fit({}, 60, model="m")
    assert Context(nothing, tally({}, 60, nothing), alpha=0.01).alpha_per_test == 0.01


def test_counts_are_those_of_the_feature():
    for feature in REFERENCE.features:
        assert CONTEXT.counts(feature).tolist() == list(feature.counts)
        assert CONTEXT.counts(feature).sum() == 60


def test_later_detectors_know_the_alerts_and_nothing_else():
    after = CONTEXT.after([metric("x"), metric("c", verdict="ok")])
    assert after.alerted == {"x"} and CONTEXT.alerted == frozenset()
    assert after.alert("drift", "x").feature == "x" and after.alert("drift", "c") is None
    assert after.alert("missing_rate", "x") is None
    last = after.after([metric(None, name="schema_change")])
    assert last.alerted == {"x"} and len(last.alerts) == 2
    assert CONTEXT.after([]) is CONTEXT


def test_a_rolling_reference_has_no_verdict_of_rows_before_its_baseline_is_known():
    assert CONTEXT.row_verdict("drift", "t", True) == "alert"
    rolling = Context(fit(COLUMNS, 60, model="m", rolling="last 7 days"), CONTEXT.window)
    assert rolling.row_verdict("drift", "t", True) == "no_reference"
    known = LearntBaselines({baseline_key("drift", "t"): 0.1})
    learnt = Context(rolling.reference, CONTEXT.window, baselines=known)
    assert learnt.row_verdict("drift", "t", False) == "ok"
    assert known.highest("drift", "t") == 0.1 and known.highest("drift", None) is None
