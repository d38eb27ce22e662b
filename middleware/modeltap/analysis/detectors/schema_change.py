"""Schema changes: fields that disappeared, and new fields."""

from __future__ import annotations

import json

from modeltap import clock
from modeltap.analysis.detectors.context import RATE_FLOOR, Context
from modeltap.analysis.model.feature import MISSING, Feature
from modeltap.analysis.model.metric import AT_ONCE, Evidence, Metric, verdict
from modeltap.config.metrics import is_output


class Fields(Evidence, frozen=True):
    """The fields that disappeared; the new fields with the fraction of rows that have them."""

    lost: list[str]
    new: dict[str, float]


def evaluate(context: Context) -> list[Metric]:
    """Return `schema_change`: the number of fields missing from all rows or new in many rows."""
    reference, window = context.reference, context.window
    lost = [
        feature.name
        for position, feature in enumerate(reference.features)
        if feature.of is None
        and not is_output(feature.name)
        and window.absent[position] == window.rows
        and feature.counts[MISSING] < sum(feature.counts)
        and not _was_learnt_later(feature, context.start)
    ]
    # A reference of inputs only, such as training data, has no model outputs.
    knows_outputs = any(is_output(feature.name) for feature in reference.features)
    # A new field in a few rows may come from a single client; in many rows it is a change.
    new = {
        name: rows / window.rows
        for name, rows in window.new.items()
        if rows > RATE_FLOOR * window.rows and (knows_outputs or not is_output(name))
    }
    changed = bool(lost or new)
    return [
        Metric(
            metric="schema_change",
            rows=window.rows,
            count=len(lost) + len(new),
            value=float(len(lost) + len(new)),
            threshold=0.0,
            strength=AT_ONCE if changed else 0.0,
            verdict=verdict(changed, window.rows, context.min_rows),
            evidence=Fields(lost, new),
            # Missing values of a lost field are the same fact.
            related=json.dumps(lost) if lost else None,
        )
    ]


def _was_learnt_later(feature: Feature, start: float | None) -> bool:
    """Return whether a column was learnt from rows after the window, which may not have it yet."""
    until = clock.parse(feature.learnt_until)
    return until is not None and start is not None and start < until
