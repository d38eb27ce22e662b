"""A detector's context: its levels, its counts, and earlier alerts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors.context import (
    COLUMNS_SHARE,
    PERFORMANCE_SHARE,
    Context,
    LearntBaselines,
    baseline_key,
)
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit

COLUMNS = {"x": [float(n) for n in range(60)], "c": ["a", "b", "c"] * 20}
REFERENCE = fit(COLUMNS, 60, model="m")
CONTEXT = Context(REFERENCE, tally(COLUMNS, 60, REFERENCE), alpha=0.01)


def metric(feature, verdict="alert", name="drift"):
    return Metric(metric=name, rows=60, feature=feature, verdict=verdict)


def test_levels_of_all_checks_add_up_to_that_of_the_window():
    tested = [feature for feature in REFERENCE.features if feature.is_tested]
    columns, rows = CONTEXT.alpha_per_test * len(tested), 2 * CONTEXT.alpha_of_rows
    assert columns + rows + PERFORMANCE_SHARE * CONTEXT.alpha == pytest.approx(CONTEXT.alpha)
    nothing = fit({}, 60, model="m")
    none = Context(nothing, tally({}, 60, nothing), alpha=0.01)
    assert none.alpha_per_test == pytest.approx(COLUMNS_SHARE * 0.01)


def test_texts_and_vectors_share_the_level():
    """An additional text column lowers the level of all columns."""
    columns = {"x": [1.0, 2.0] * 50, "t": [f"a sentence with number {n}" for n in range(100)]}
    reference = fit(columns, 100, model="m")
    context = replace(CONTEXT, reference=reference)
    tested = sum(feature.is_tested for feature in reference.features)
    assert context.alpha_per_test * (tested + 1) == pytest.approx(COLUMNS_SHARE * context.alpha)


def test_counts_belong_to_the_feature():
    for feature in REFERENCE.features:
        assert CONTEXT.counts(feature).tolist() == list(feature.counts)
        assert CONTEXT.counts(feature).sum() == 60


def test_later_detectors_only_see_alerts():
    after = CONTEXT.after([metric("x"), metric("c", verdict="ok")])
    assert after.alerted == {"x"} and CONTEXT.alerted == frozenset()
    assert after.alert("drift", "x").feature == "x" and after.alert("drift", "c") is None
    assert after.alert("missing_rate", "x") is None
    last = after.after([metric(None, name="schema_change")])
    assert last.alerted == {"x"} and len(last.alerts) == 2
    assert CONTEXT.after([]) is CONTEXT
    assert replace(after, reported=frozenset({("unseen_rate", "c")})).alerted == {"x", "c"}


def test_a_rolling_reference_without_a_baseline_has_no_row_verdict():
    assert CONTEXT.row_verdict("drift", "t", True) == "alert"
    rolling = Context(fit(COLUMNS, 60, model="m", rolling="last 7 days"), CONTEXT.window)
    assert rolling.row_verdict("drift", "t", True) == "no_reference"
    known = LearntBaselines({baseline_key("drift", "t"): 0.1})
    learnt = Context(rolling.reference, CONTEXT.window, baselines=known)
    assert learnt.row_verdict("drift", "t", False) == "ok"
    assert known.highest("drift", "t") == 0.1 and known.highest("drift", None) is None
