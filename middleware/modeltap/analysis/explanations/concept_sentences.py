"""Sentences about errors and inputs together: which of them changed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from modeltap.analysis.concept.concept_drift import ConceptChange, LabelsPending
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.sentence import listing, sentence
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.wording import percent

_NAMED = 3
"""Readers do not take in more columns in one sentence."""

_MULTIPLE = 1.9
"""From this growth on, errors have doubled; below, the growth is a percentage."""

_MOSTLY, _PARTLY = 0.8, 0.1
"""Parts of a growth that count as most of it, and as worth naming."""


@sentence.register
def _(_evidence: LabelsPending, _metric: Metric, _context: Context | None) -> str:
    return (
        "not compared yet, because labels still arrive, and the first ones may differ from others"
    )


def with_relation(metrics: Sequence[Metric], concept: Metric) -> list[Metric]:
    """Return a window's performance and its `concept_drift`, with sentences.

    Alerts say whether the inputs changed, or their relation to the labels.
    """
    evidence, is_concept = concept.evidence, concept.verdict == ALERT
    if not isinstance(evidence, ConceptChange):
        return [*metrics, concept]
    worse = is_concept or any(metric.verdict == ALERT for metric in metrics)
    text = _relation(evidence, is_concept=is_concept, grown=worse)
    explained = [
        replace(metric, explanation=f"{metric.explanation}; {text}")
        if metric.verdict == ALERT and metric.explanation
        else metric
        for metric in metrics
    ]
    return [*explained, replace(concept, explanation=text)]


def _relation(evidence: ConceptChange, *, is_concept: bool, grown: bool) -> str:
    inputs = _inputs(evidence)
    if not grown:
        is_same = evidence.compared and not evidence.moved
        return "inputs and errors as before" if is_same else f"{inputs}, errors as before"
    text = f"{inputs}, errors {_growth(evidence)}"
    explained = _explained(evidence)
    if not is_concept and explained >= _MOSTLY:
        return f"{text}, as expected from these inputs"
    if explained >= _PARTLY:
        text += f", of which the inputs explain {percent(explained)}"
    if not is_concept:
        return f"{text}; chance may explain the rest" if evidence.by_inputs else text
    return f"{text}: concept drift since {evidence.since[:16].replace('T', ' ')} UTC"


def _inputs(evidence: ConceptChange) -> str:
    if not evidence.compared:
        return "inputs were not compared"
    if not evidence.moved:
        return "inputs as before"
    return f"inputs moved ({listing(evidence.moved, _NAMED)})"


def _growth(evidence: ConceptChange) -> str:
    """Return how much larger errors are than in the reference."""
    if not evidence.before > 0:
        return "are new"
    ratio = evidence.error / evidence.before
    if ratio < 1:
        return "did not grow"
    if ratio < _MULTIPLE:
        return f"grew by {percent(ratio - 1)}"
    times = round(ratio, 1)
    named = {2.0: "doubled", 3.0: "tripled"}.get(times)
    return named or f"are {times:g} times as large"


def _explained(evidence: ConceptChange) -> float:
    """Return the part of the growth of errors that the inputs lead to expect."""
    grown = evidence.error - evidence.before
    if not evidence.by_inputs or grown <= 0:
        return 0.0
    return min(1.0, max(0.0, (evidence.expected - evidence.before) / grown))
