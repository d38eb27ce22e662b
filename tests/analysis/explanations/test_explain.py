"""Explanations: made for what alerts, and never at an alert's cost."""

from __future__ import annotations

import logging

import pytest

from modeltap.analysis.explanations.explain import explained, sentence
from modeltap.analysis.model.metric import ALERT, OK, Evidence, Metric


class Strange(Evidence, frozen=True):
    """Evidence of a detector whose sentence fails."""


class Plain(Evidence, frozen=True):
    """Evidence of a detector whose sentence is fine."""


@sentence.register
def _(_evidence: Strange, metric: Metric, _context: object) -> str:
    raise ZeroDivisionError(metric.metric)


@sentence.register
def _(_evidence: Plain, metric: Metric, _context: object) -> str:
    return f"{metric.metric} rose"


@pytest.mark.parametrize(
    ("verdict", "explanation"), [(ALERT, "drift rose"), (None, "drift rose"), (OK, None)]
)
def test_alerts_and_descriptions_are_explained(verdict, explanation):
    """A metric that is in order needs no sentence."""
    (metric,) = explained([Metric(metric="drift", rows=1, verdict=verdict, evidence=Plain())])
    assert metric.explanation == explanation


def test_a_sentence_that_fails_costs_only_itself(caplog):
    """The alert stays, the others are explained, and the log names the metric."""
    metrics = [
        Metric(metric="drift", feature="f", rows=1, verdict=ALERT, evidence=Strange()),
        Metric(metric="gap_seconds", rows=1, verdict=ALERT, evidence=Plain()),
    ]
    with caplog.at_level(logging.ERROR, "modeltap"):
        first, second = explained(metrics)
    assert (first.verdict, first.explanation) == (ALERT, None)
    assert second.explanation == "gap_seconds rose"
    assert "no explanation of drift of f" in caplog.text
