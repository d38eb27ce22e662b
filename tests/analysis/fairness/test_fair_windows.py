"""The fairness metrics of one window, from rows to metrics with their reasons."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.fairness.fair_windows import GroupedWindow
from modeltap.analysis.fairness.gap_learning import ReferenceRows, key_of, learn_gaps
from modeltap.analysis.fairness.group_reader import GroupedRows
from modeltap.analysis.fairness.group_values import NO_VALUE, NoGroup
from modeltap.analysis.fairness.groupings import with_intersections
from modeltap.analysis.fairness.treatment import decisions, outcomes
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config import sources
from modeltap.store.labelled_rows import LabelledPrediction


class Rows:
    """Rows with two groups each, whose predictions are correct in four of five rows."""

    def __init__(self, rng, n, unfair=0.0):
        self.sex = rng.choice(["F", "M"], n).astype(object)
        self.race = rng.choice(["1", "2", "3"], n, p=[0.6, 0.35, 0.05]).astype(object)
        self.labels = (rng.random(n) < 0.4).astype(int)
        wrong = rng.random(n) < 0.2
        predictions = np.where(wrong, 1 - self.labels, self.labels)
        denied = (self.sex == "F") & (rng.random(n) < unfair)
        self.predictions = np.where(denied, 0, predictions)

    def grouped(self, problems=()):
        pairs = zip(self.predictions.tolist(), self.labels.tolist(), strict=True)
        names = {"sex": self.sex.tolist(), "race": self.race.tolist()}
        return GroupedRows([LabelledPrediction(*pair) for pair in pairs], names, dict(problems))


SETTINGS = sources.load({"groups": ["sex", "race"]}, environ={})
FORM = LabelForm()


def reference_of(rows, settings=SETTINGS, **facts):
    grouped = rows.grouped()
    predictions, labels = rows.predictions.tolist(), rows.labels.tolist()
    known = ReferenceRows(
        with_intersections(grouped.groupings(settings.groups, None)),
        decisions(predictions, FORM, None, None),
        outcomes(predictions, labels, FORM, None, None),
        np.array_split(np.arange(len(labels)), 8),
    )
    groups = learn_gaps(known, key_of(settings), 0)
    return Reference(
        model="m", version="", source="", rows=len(labels), features=(), groups=groups, **facts
    )


def window_of(rows, reference, settings=SETTINGS):
    return GroupedWindow(rows.grouped(), settings, reference)


def metrics_of(window):
    metrics = explained([*window.selection_metrics(), *window.labelled_metrics()])
    return {(metric.metric, metric.segment): metric for metric in metrics}


@pytest.fixture(scope="module")
def reference():
    return reference_of(Rows(np.random.default_rng(0), 4000))


def test_every_group_and_every_gap_has_a_row(reference):
    metrics = metrics_of(window_of(Rows(np.random.default_rng(1), 1000), reference))
    segments = {"sex=F", "sex=M", "race=1", "race=2", "race=3", "sex=F,race=1", "sex=M,race=2"}
    assert segments <= {segment for _, segment in metrics}
    for gap in (
        "demographic_parity_difference",
        "equalized_odds_difference",
        "equal_opportunity_difference",
    ):
        assert [metrics[gap, of].verdict for of in ("sex", "race", "sex,race")] == ["ok"] * 3
    ratio = metrics["demographic_parity_ratio", "sex"]
    rates = [metrics["selection_rate", f"sex={name}"].value for name in "FM"]
    assert ratio.value == pytest.approx(min(rates) / max(rates)) and ratio.verdict is None
    odds = metrics["equalized_odds_difference", "sex"].value
    gaps = [
        abs(metrics[rate, "sex=F"].value - metrics[rate, "sex=M"].value) for rate in ("tpr", "fpr")
    ]
    assert odds == pytest.approx(max(gaps))
    for (name, segment), metric in metrics.items():
        assert metric.feature is None
        if name in ("selection_rate", "tpr") and metric.value is not None:
            assert metric.count == round(metric.value * metric.rows), segment
            assert metric.low <= metric.value <= metric.high


def test_a_wider_gap_is_an_alert_of_its_grouping_and_not_of_intersections(reference):
    metrics = metrics_of(window_of(Rows(np.random.default_rng(2), 2000, unfair=0.6), reference))
    alerts = {key for key, metric in metrics.items() if metric.verdict == "alert"}
    assert alerts == {
        ("demographic_parity_difference", "sex"),
        ("equal_opportunity_difference", "sex"),
        ("equalized_odds_difference", "sex"),
    }
    text = metrics["demographic_parity_difference", "sex"].explanation
    assert "selection rate is" in text and "'M'" in text and "chance of this" in text


def test_the_first_of_many_evaluations_needs_a_clearer_gap(reference):
    window = window_of(Rows(np.random.default_rng(2), 2000, unfair=0.3), reference)
    gap = "equal_opportunity_difference", "sex"
    assert metrics_of(window)[gap].verdict == "alert"
    early = dataclasses.replace(window, information=0.02)
    assert metrics_of(early)[gap].verdict == "ok"


def test_shuffled_groups_do_not_alert(reference):
    """Two hundred windows; benchmarks/fairness.py has more."""
    rng = np.random.default_rng(3)
    alerts = 0
    for _ in range(60):
        window = window_of(Rows(rng, 600), reference)
        alerts += any(metric.verdict == "alert" for metric in metrics_of(window).values())
    assert alerts <= 1


def test_small_groups_are_shown_as_too_small(reference):
    rows = Rows(np.random.default_rng(4), 300)
    rows.race[:] = "1"
    rows.race[0] = "alone"
    metrics = metrics_of(window_of(rows, reference))
    alone = metrics["selection_rate", "race=alone"]
    assert (alone.rows, alone.value, alone.verdict) == (1, None, "not_enough_rows")
    assert "min_rows of the group is 30" in alone.explanation
    gap = metrics["demographic_parity_difference", "race"]
    assert gap.verdict == "not_comparable" and "only one group has 30 rows" in gap.explanation
    assert ("tpr", "race=alone") not in metrics


def test_rows_without_a_group_are_counted_with_their_reasons(reference):
    grouped = Rows(np.random.default_rng(5), 300).grouped()
    grouped.names["sex"][:5] = [NO_VALUE] * 3 + [NoGroup("not in 'people.csv'")] * 2
    metrics = metrics_of(GroupedWindow(grouped, SETTINGS, reference))
    unknown = metrics["selection_rate", "sex=(unknown)"]
    assert unknown.rows == 5 and unknown.verdict == "not_comparable"
    assert "3 without a value" in unknown.explanation
    assert "2 not in 'people.csv'" in unknown.explanation


def test_a_grouping_without_groups_has_its_reason(reference):
    problems = {"race": "cannot read 'people.csv': No such file or directory"}
    window = GroupedWindow(
        Rows(np.random.default_rng(6), 300).grouped(problems), SETTINGS, reference
    )
    gap = metrics_of(window)["demographic_parity_difference", "race"]
    assert gap.verdict == "not_comparable" and "people.csv" in gap.explanation


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["hi", "lo"], "set positive"),
        (["a", "b", "c"], "there are 3 classes"),
        ([1.5, 20.25, 30.125], "predictions are numbers"),
    ],
)
def test_without_a_positive_class_gaps_have_a_reason(values, reason):
    rng = np.random.default_rng(7)
    rows = Rows(rng, 300)
    rows.labels = rows.predictions = np.array([values[n % len(values)] for n in range(300)])
    metrics = metrics_of(window_of(rows, None))
    gap = metrics["demographic_parity_difference", "sex"]
    assert gap.verdict == "not_comparable" and reason in gap.explanation
    if isinstance(values[0], float):
        assert metrics["mae", "sex=F"].value == 0
        assert metrics["mae_difference", "sex"].verdict == "no_reference"
    else:
        assert metrics["misclassification_rate", "sex=F"].value == 0


def test_errors_of_numbers_that_grow_in_one_group_alert():
    rng = np.random.default_rng(8)

    def rows_of(n, factor=1.0):
        rows = Rows(rng, n)
        rows.labels = rng.normal(100, 20, n).round(2)
        spread = np.where(rows.sex == "F", factor, 1.0)
        rows.predictions = rows.labels + spread * rng.normal(0, 5, n)
        return rows

    reference = reference_of(rows_of(4000))
    assert metrics_of(window_of(rows_of(1000), reference))["mae_difference", "sex"].verdict == "ok"
    gap = metrics_of(window_of(rows_of(1000, 2.0), reference))["mae_difference", "sex"]
    assert gap.verdict == "alert" and "mean absolute error is" in gap.explanation


def test_booleans_and_digits_are_the_groups_of_the_reference():
    """The reference has true and false, the window 1 and 0."""
    settings = sources.load({"groups": ["sex"]}, environ={})
    rows = Rows(np.random.default_rng(9), 2000)
    rows.sex = np.where(rows.sex == "F", "true", "false")
    reference = reference_of(rows, settings)
    later = Rows(np.random.default_rng(10), 1000)
    later.sex = np.where(later.sex == "F", "1", "0")
    metrics = metrics_of(window_of(later, reference, settings))
    assert metrics["demographic_parity_difference", "sex"].verdict == "ok"
    assert ("selection_rate", "sex=true") in metrics and ("selection_rate", "sex=1") not in metrics


def test_a_group_that_the_reference_does_not_have_is_shown_with_a_note(reference):
    rows = Rows(np.random.default_rng(11), 600)
    rows.race[:100] = "new"
    rate = metrics_of(window_of(rows, reference))["selection_rate", "race=new"]
    assert rate.value is not None and "reference has too few rows" in rate.explanation


def test_settings_that_changed_make_the_baseline_invalid(reference):
    settings = sources.load({"groups": ["sex", "race"], "decision_threshold": 0.7}, environ={})
    rows = Rows(np.random.default_rng(12), 600)
    metrics = metrics_of(window_of(rows, reference, settings))
    assert metrics["demographic_parity_difference", "sex"].verdict == "no_reference"
    learning = reference_of(rows, state="provisional")
    metrics = metrics_of(window_of(rows, learning, settings))
    assert metrics["demographic_parity_difference", "sex"].verdict == "learning"
