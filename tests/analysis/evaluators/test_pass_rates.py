"""Pass rates of a window against a target and against the reference."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modeltap.analysis.evaluators.evaluator_values import EvaluatorValues
from modeltap.analysis.evaluators.pass_rates import evaluator_metrics, excess_of, fails_more
from modeltap.analysis.model.baseline import PassRate
from modeltap.config.evaluation.evaluator_settings import parse_evaluators
from modeltap.payload import EvaluatedOutput


def evaluate(failed, rows, before=None, *, target=None, learning=False, level=1e-3, graded=False):
    (own,) = parse_evaluators([{"name": "valid", "kind": "json", "target": target}])
    passes = np.array([0.0] * failed + [1.0] * (rows - failed))
    outputs = [EvaluatedOutput(f"x{n}", 0, None, "") for n in range(rows)]
    return evaluator_metrics(
        own,
        EvaluatorValues(passes * 5, passes, graded=graded),
        outputs,
        before,
        level=level,
        min_rows=100,
        learning=learning,
    )


BEFORE = PassRate(rows=1000, passed=990)


@pytest.mark.parametrize(
    ("failed", "rows", "before", "verdict"),
    [
        (10, 90, BEFORE, "not_enough_rows"),
        (10, 200, None, "no_reference"),
        (2, 200, BEFORE, "ok"),
        (6, 200, BEFORE, "ok"),  # three points, which chance may be
        (20, 200, BEFORE, "alert"),
        (20, 200, PassRate(rows=1000, passed=990, excess=0.09), "ok"),
        (200, 200, PassRate(rows=100, passed=0), "not_comparable"),
        (100, 100_000, PassRate(rows=100_000, passed=99_980), "ok"),  # below the floor
    ],
)
def test_the_verdict_is_that_of_more_failures(failed, rows, before, verdict):
    (metric,) = evaluate(failed, rows, before)
    assert metric.verdict == verdict
    assert (metric.metric, metric.segment) == ("evaluator_pass_rate", "evaluator=valid")
    assert metric.count == rows - failed and metric.low <= metric.value <= metric.high
    assert json.loads(metric.examples) == [f"x{n}" for n in range(min(5, failed))]


def test_while_the_reference_is_learnt_there_is_no_verdict_without_a_target():
    assert evaluate(50, 200, learning=True)[0].verdict == "learning"
    assert evaluate(50, 200, learning=True, target=0.9)[0].verdict == "alert"


@pytest.mark.parametrize(("failed", "verdict"), [(0, "ok"), (22, "ok"), (45, "alert")])
def test_a_target_needs_no_reference(failed, verdict):
    (metric,) = evaluate(failed, 200, target=0.9)
    assert (metric.verdict, metric.threshold) == (verdict, 0.9)


def test_a_number_has_a_mean_too():
    rate, score = evaluate(20, 200, BEFORE, graded=True)
    assert rate.verdict == "alert"
    assert score.metric == "evaluator_score" and score.verdict is None
    assert score.value == pytest.approx(4.5) and score.low < 4.5 < score.high


def test_an_evaluator_that_fails_has_its_reason():
    (own,) = parse_evaluators([{"name": "valid", "kind": "json"}])
    none = np.full(2, np.nan)
    outputs = [EvaluatedOutput("x", 0, None, "")] * 2
    values = EvaluatorValues(none, none, problem="no such file")
    (metric,) = evaluator_metrics(own, values, outputs, BEFORE, level=0.1, min_rows=1)
    assert metric.verdict == "not_comparable" and metric.evidence.reason == "no such file"


def test_outputs_that_do_not_count_are_in_no_rate():
    (own,) = parse_evaluators([{"name": "valid", "kind": "json"}])
    passes = np.array([1.0, np.nan, 0.0])
    outputs = [EvaluatedOutput("x", 0, None, "")] * 3
    (metric,) = evaluator_metrics(
        own, EvaluatorValues(passes, passes), outputs, None, level=0.1, min_rows=1
    )
    assert (metric.rows, metric.count) == (2, 1)


def test_the_worst_window_of_the_reference_counts_beyond_sampling():
    whole = PassRate(rows=400, passed=380)
    assert excess_of([PassRate(rows=100, passed=94)], whole) == 0
    assert 0.1 < excess_of([PassRate(rows=100, passed=70)], whole) < 0.25
    assert excess_of([], whole) == 0


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.3])
def test_without_a_change_alerts_are_rare(rate):
    """At most the level, here one in a hundred, over references of 1,000 outputs."""
    rng = np.random.default_rng(7)
    alerts = 0
    for _ in range(400):
        before = PassRate(rows=1000, passed=1000 - int(rng.binomial(1000, rate)))
        (metric,) = evaluate(int(rng.binomial(300, rate)), 300, before, level=0.01)
        alerts += metric.verdict == "alert"
    assert alerts <= 10


def test_a_p_value_is_exact_for_few_and_normal_for_many():
    many = PassRate(rows=100_000, passed=90_000)
    assert fails_more(many, many) == pytest.approx(0.5, abs=0.01)
    assert fails_more(PassRate(rows=100, passed=100), many) == pytest.approx(1, abs=0.01)
