"""Texts about the parts of a loss; `tests/cli/test_explaining.py` has whole stores."""

from __future__ import annotations

from dataclasses import replace as replace_field

import pytest
from msgspec.structs import replace

from modeltap.analysis.attribution.loss_change import LossChange, LossPart
from modeltap.analysis.attribution.lost_performance import (
    Attribution,
    _as_expected,
    changed_of,
    lost_performance,
    with_sentence,
)
from modeltap.analysis.concept.concept_drift import ConceptChange
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.config import sources


def part(value, error=0.01):
    return LossPart(value, value - 2 * error, value + 2 * error)


def attribution(inputs, relation, features, effective=500.0):
    now = 0.05 + inputs + relation
    change = LossChange(0.05, now, part(inputs), part(relation), features, effective)
    return Attribution("error", 800, change)


@pytest.mark.parametrize(
    ("inputs", "relation", "changed"),
    [
        (0.1, 0.0, "inputs"),
        (0.0, 0.1, "relation"),
        (0.06, 0.05, "both"),
        (0.01, 0.01, "unknown"),
        (0.1, -0.2, "unknown"),
        (-0.05, 0.1, "relation"),
    ],
)
def test_two_thirds_of_a_loss_are_most_of_it(inputs, relation, changed):
    assert changed_of(part(inputs), part(relation)) == changed


def test_the_message_names_the_features_that_cost_most():
    features = {"carrier": part(0.07), "temp": part(0.001), "hour": part(0.02)}
    text = attribution(0.09, 0.03, features).sentence()
    assert text == (
        "the error rate grew by 0.12, of which 0.07 with the drift of carrier and 0.03 with a "
        "changed relation of inputs and labels"
    )


def test_the_largest_part_comes_first_and_parts_above_the_whole_are_explained():
    features = {"wind": part(0.05), "temp": part(-0.06)}
    text = attribution(-0.01, 0.11, features).sentence()
    assert text == (
        "the error rate grew by 0.1, of which 0.11 with a changed relation of inputs and labels "
        "and 0.05 with the drift of wind; other inputs lowered it by 0.06"
    )


def test_only_alerts_about_all_rows_have_the_sentence():
    own = attribution(0.1, 0.0, {"carrier": part(0.1)})
    metrics = [
        Metric(metric="accuracy", rows=800, verdict="alert", explanation="accuracy fell"),
        Metric(metric="brier", rows=800, verdict="ok", explanation="as before"),
        Metric(metric="mae", rows=9, verdict="alert", segment="sex=F", explanation="grew"),
    ]
    texts = [metric.explanation for metric in with_sentence(metrics, own)]
    assert texts[0].startswith("accuracy fell; mostly because inputs drifted: the error rate grew")
    assert texts[1:] == ["as before", "grew"]
    concept = Metric(metric="concept_drift", rows=800, verdict="ok", explanation="inputs moved")
    first, *_ = with_sentence([*metrics, concept], own)
    assert first.explanation.startswith("accuracy fell; the error rate grew by 0.1, of which")


def test_a_reference_without_similar_rows_is_a_reason():
    own = attribution(0.1, 0.0, {"carrier": part(0.1)}, effective=20.0)
    assert own.sentence() is None
    (metric,) = own.metrics()
    assert metric.verdict == "not_comparable" and "hardly any rows like" in metric.explanation


def test_an_error_is_a_reason_and_not_the_end_of_the_analysis(caplog):
    """Here there is no store; whatever goes wrong is logged."""
    reference = replace(
        fit({"x": [float(n) for n in range(300)]}, 300, model="m"),
        performance=learn_baseline([1, 0] * 50, [1, 0] * 50),
        from_time="2024-01-01T00:00:00.000Z",
        to_time="2024-01-02T00:00:00.000Z",
    )
    alert = Metric(metric="accuracy", rows=800, verdict="alert", explanation="accuracy fell")
    settings = sources.load(environ={})
    own = lost_performance(None, settings, reference, [], [alert])
    assert own.metrics()[0].explanation.startswith("not attributed, because of AttributeError")
    assert "cannot attribute the lost performance of m" in caplog.text
    period = replace(reference, rolling="previous 7d")
    (metric,) = lost_performance(None, settings, period, [], [alert]).metrics()
    assert metric.explanation.endswith("the reference is not a period of rows")
    assert lost_performance(None, settings, None, [], [alert]) is None
    assert lost_performance(None, settings, reference, [], [replace(alert, verdict="ok")]) is None


@pytest.mark.parametrize(
    ("loss", "by_inputs", "inputs"),
    [
        ("error", True, 0.1),
        ("absolute error", True, 0.1),
        ("error", False, 0.04),
        ("squared gap", True, 0.04),
    ],
)
def test_the_split_is_that_of_concept_drift_where_inputs_have_an_expected_error(
    loss, by_inputs, inputs
):
    """One alert must not say that the inputs explain the loss, and that the relation changed."""
    evidence = ConceptChange(0.17, 0.15, 0.05, ("x",), True, by_inputs, "2024-01-01T00:00:00.000Z")
    excess = Metric(
        metric="concept_drift", rows=800, value=0.02, low=0.0, high=0.04, evidence=evidence
    )
    own = replace_field(attribution(0.04, 0.08, {"x": part(0.04)}), loss=loss)
    change = _as_expected(own, [excess]).change
    assert change.inputs.value == pytest.approx(inputs)
    assert change.inputs.value + change.relation.value == pytest.approx(0.12)
    assert _as_expected(own, []) is own
    assert _as_expected(Attribution(reason="no rows"), [excess]).change is None
