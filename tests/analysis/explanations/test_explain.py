"""Explanations of alerts; an error in one never costs the alert."""

from __future__ import annotations

import logging

import pytest

from modeltap.analysis.explanations.explain import explained, sentence
from modeltap.analysis.model.metric import ALERT, OK, Evidence, Metric


class FailingEvidence(Evidence, frozen=True):
    """Evidence with a sentence that raises."""


class WorkingEvidence(Evidence, frozen=True):
    """Evidence with a working sentence."""


@sentence.register
def _(_evidence: FailingEvidence, metric: Metric, _context: object) -> str:
    raise ZeroDivisionError(metric.metric)


@sentence.register
def _(_evidence: WorkingEvidence, metric: Metric, _context: object) -> str:
    return f"{metric.metric} rose"


@pytest.mark.parametrize(
    ("verdict", "explanation"), [(ALERT, "drift rose"), (None, "drift rose"), (OK, None)]
)
def test_alerts_and_descriptions_are_explained(verdict, explanation):
    """Metrics that are `ok` have no explanation."""
    (metric,) = explained(
        [Metric(metric="drift", rows=1, verdict=verdict, evidence=WorkingEvidence())]
    )
    assert metric.explanation == explanation


def test_a_failing_sentence_affects_only_its_own_metric(caplog):
    """The alert stays, the others are explained, and the log names the metric."""
    metrics = [
        Metric(metric="drift", feature="f", rows=1, verdict=ALERT, evidence=FailingEvidence()),
        Metric(metric="gap_seconds", rows=1, verdict=ALERT, evidence=WorkingEvidence()),
    ]
    with caplog.at_level(logging.ERROR, "modeltap"):
        first, second = explained(metrics)
    assert (first.verdict, first.explanation) == (ALERT, None)
    assert second.explanation == "gap_seconds rose"
    assert "no explanation of drift of f" in caplog.text
