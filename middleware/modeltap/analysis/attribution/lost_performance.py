"""The attribution of a window whose performance alerts."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.attribution.coded_inputs import CodedRows, coded_rows, input_codes, kept_rows
from modeltap.analysis.attribution.loss_change import LossChange, LossPart, loss_change
from modeltap.analysis.attribution.row_losses import LossKind, row_losses
from modeltap.analysis.concept.concept_drift import ConceptChange
from modeltap.analysis.explanations.sentence import listing
from modeltap.analysis.model.metric import ALERT, NOT_COMPARABLE, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config.settings import Settings
from modeltap.logs import logger
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.predictions import labelled_predictions
from modeltap.wording import number, plural

OF_INPUTS, OF_RELATION = "loss_from_drift", "loss_from_relation"

_OF_SCORES = ("roc_auc", "brier")
"""Metrics of scores; if only these alert, the loss is that of scores."""

_FEWEST = 100
"""Labelled rows of each side: with fewer, no part of a loss is sure."""

_MOST, _NAMED = 2 / 3, 0.1
"""A part of two thirds of the loss is most of it; one below a tenth is not worth a name."""

_LOSSES: dict[LossKind, str] = {
    "error": "error rate",
    "absolute error": "mean absolute error",
    "squared gap": "Brier score",
}

ChangedPart = Literal["inputs", "relation", "both", "unknown"]


@dataclass(frozen=True)
class Attribution:
    """The parts of a lost performance; `reason` is set if they are unknown."""

    loss: LossKind = "error"
    rows: int = 0
    change: LossChange | None = None
    reason: str = ""

    def metrics(self) -> list[Metric]:
        """Return the parts of the loss: of each feature, of all inputs, and of the relation."""
        if self.change is None or not self.change.is_comparable:
            return [
                Metric(
                    metric=OF_RELATION,
                    rows=self.rows,
                    verdict=NOT_COMPARABLE,
                    explanation=self.reason or _NO_OVERLAP,
                )
            ]
        return [
            self._metric(OF_RELATION, None, self.change.relation),
            self._metric(OF_INPUTS, None, self.change.inputs),
            *(self._metric(OF_INPUTS, *part) for part in self.change.features.items()),
        ]

    def _metric(self, name: str, feature: str | None, part: LossPart) -> Metric:
        return Metric(
            metric=name,
            feature=feature,
            rows=self.rows,
            value=part.value,
            low=part.low,
            high=part.high,
        )

    def sentence(self) -> str | None:
        """Return what goes with the loss, for the text of the alert; None if that is unknown."""
        change = self.change
        if change is None or not change.is_comparable or change.now <= change.before:
            return None
        total = change.now - change.before
        features = [(f"the drift of {name}", part) for name, part in change.features.items()]
        whole = ("a changed relation of inputs and labels", change.relation)
        named = [
            (part.value, f"{number(part.value)} with {cause}")
            for cause, part in [*_named(features, total)[:_MOST_NAMED], *_named([whole], total)]
        ]
        if not named:
            return None
        named.sort(reverse=True)
        grown = f"the {_LOSSES[self.loss]} grew by {number(total)}"
        more = sum(value for value, _ in named) - total
        lowered = f"; other inputs lowered it by {number(more)}" if more > _NAMED * total else ""
        return f"{grown}, of which {listing([text for _, text in named])}{lowered}"


def _named(parts: list[tuple[str, LossPart]], total: float) -> list[tuple[str, LossPart]]:
    """Return the parts that are sure, and large enough to be worth a name."""
    return [(cause, part) for cause, part in parts if part.is_sure and part.value >= _NAMED * total]


_MOST_NAMED = 3
"""Features in a message; `modeltap explain` lists all."""

_NO_OVERLAP = (
    "the reference has hardly any rows like those of the window, so it is unknown whether the "
    "inputs or their relation to the labels changed"
)

CHANGES: dict[ChangedPart, str] = {
    "inputs": "mostly because inputs drifted",
    "relation": "mostly because the relation of inputs and labels changed",
    "both": "because inputs drifted and their relation to the labels changed",
    "unknown": "it is not sure whether the inputs or their relation to the labels changed",
}
"""Descriptions of the parts of a loss."""


def changed_of(inputs: LossPart, relation: LossPart) -> ChangedPart:
    """Return whether the inputs changed, or the relation of inputs and labels.

    >>> changed_of(LossPart(0.09, 0.08, 0.1), LossPart(0.01, -0.01, 0.03))
    'inputs'
    """
    total = inputs.value + relation.value
    if total > 0 and inputs.is_sure and inputs.value >= _MOST * total:
        return "inputs"
    if total > 0 and relation.is_sure and relation.value >= _MOST * total:
        return "relation"
    return "both" if min(inputs.low, relation.low) > 0 else "unknown"


def lost_performance(
    connection: sqlite3.Connection,
    settings: Settings,
    reference: Reference | None,
    pairs: Sequence[LabelledPrediction],
    metrics: Sequence[Metric],
) -> Attribution | None:
    """Return what goes with the loss of a window; None if its performance does not alert.

    Args:
        settings: the model's own.
        pairs: the rows of the window.
        metrics: the performance metrics of the window.
    """
    alerts = {metric.metric for metric in _alerts(metrics)}
    if not alerts or reference is None or reference.performance is None:
        return None
    try:
        own = _attributed(connection, settings, reference, pairs, alerts)
        return _as_expected(own, metrics)
    except Exception as error:
        logger.exception("modeltap: cannot attribute the lost performance of %s", reference.model)
        return Attribution(
            reason=f"not attributed, because of {type(error).__name__} (see the log)"
        )


def _alerts(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the alerts about the performance on all rows."""
    return [own for own in metrics if own.verdict == ALERT and own.segment is None]


def with_sentence(metrics: Sequence[Metric], attribution: Attribution) -> list[Metric]:
    """Return the metrics, with what goes with the loss in the explanation of each alert.

    If a sentence about concept drift is there, it says whether inputs or their relation changed.
    """
    text, change = attribution.sentence(), attribution.change
    is_said = any(own.metric == "concept_drift" and own.explanation for own in metrics)
    if text and change is not None and not is_said:
        text = f"{CHANGES[changed_of(change.inputs, change.relation)]}: {text}"
    alerts = _alerts(metrics)
    return [
        replace(own, explanation=f"{own.explanation}; {text}")
        if text and own in alerts and own.explanation
        else own
        for own in metrics
    ]


def _as_expected(own: Attribution, metrics: Sequence[Metric]) -> Attribution:
    """Return the attribution with the error that the inputs lead to expect, where that is known.

    Otherwise this text and that of `concept_drift` could disagree.
    """
    excess = next((metric for metric in metrics if metric.metric == "concept_drift"), None)
    relation = None if excess is None else _beyond_inputs(excess)
    if own.change is None or relation is None or own.loss == "squared gap":
        return own
    return dataclasses.replace(own, change=own.change.with_relation(relation))


def _beyond_inputs(excess: Metric) -> LossPart | None:
    """Return `concept_drift` as a part of the loss; None if the inputs have no expected error."""
    if not isinstance(excess.evidence, ConceptChange) or not excess.evidence.by_inputs:
        return None
    if excess.value is None or excess.low is None or excess.high is None:
        return None
    return LossPart(excess.value, excess.low, excess.high)


def _attributed(
    connection: sqlite3.Connection,
    settings: Settings,
    reference: Reference,
    pairs: Sequence[LabelledPrediction],
    alerts: set[str],
) -> Attribution:
    if reference.from_time is None or reference.to_time is None or reference.rolling:
        return Attribution(reason="not attributed, because the reference is not a period of rows")
    known = labelled_predictions(
        connection,
        reference.model,
        reference.version,
        (reference.from_time, 0, 0),
        (reference.to_time, 0, 0),
    )
    before, now = (coded_rows(connection, settings, reference, part) for part in (known, pairs))
    if len(before.pairs) < _FEWEST:
        before = kept_rows(connection, reference)
    few = min((len(before.pairs), "reference"), (len(now.pairs), "window"))
    if few[0] < _FEWEST:
        count = f"only {plural(few[0], 'labelled row')}" if few[0] else "no labelled rows"
        return Attribution(
            reason=f"not attributed, because the {few[1]} has {count} with stored inputs"
        )
    inputs = input_codes(reference, before.inputs, now.inputs)
    if inputs is None:
        return Attribution(reason="not attributed, because no input is a number or a category")
    of_scores = alerts <= set(_OF_SCORES)
    losses = [_losses(part, settings, reference, of_scores=of_scores) for part in (before, now)]
    if losses[0] is None or losses[1] is None:
        return Attribution(reason="not attributed, because single rows cannot be compared")
    (kind, first), (_, second) = losses[0], losses[1]
    kept = [~np.isnan(own) for own in (first, second)]
    change = loss_change(
        inputs[0].picked(kept[0]), first[kept[0]], inputs[1].picked(kept[1]), second[kept[1]]
    )
    return Attribution(kind, int(kept[1].sum()), change)


def _losses(
    rows: CodedRows, settings: Settings, reference: Reference, *, of_scores: bool
) -> tuple[LossKind, np.ndarray] | None:
    form = LabelForm(settings.positive, settings.decision_threshold)
    assert reference.performance is not None
    return row_losses(rows.pairs, settings.task, form, reference.performance, of_scores=of_scores)
