"""All evaluators of a model, over its newest outputs."""

from __future__ import annotations

import sqlite3

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.evaluators.pass_rate_learning import evaluators_key
from modeltap.analysis.evaluators.window_evaluators import window_evaluators
from modeltap.analysis.model.baseline import EvaluatorBaseline
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.store.references import active_references
from modeltap.store.stored_exchanges import newest_successful


def evaluated_now(
    connection: sqlite3.Connection, settings: Settings, model: str, exchanges: int
) -> list[Metric]:
    """Return the metrics of all evaluators over a model's newest successful exchanges.

    Args:
        settings: the model's own.
        exchanges: the most exchanges to read.
    """
    newest = newest_successful(connection, model, exchanges)
    batch = read(newest, settings, Decoders(), connection)
    baseline = _baseline(connection, settings, model)
    return window_evaluators(batch, settings, baseline, ALPHA[settings.sensitivity])


def _baseline(
    connection: sqlite3.Connection, settings: Settings, model: str
) -> EvaluatorBaseline | None:
    """Return the pass rates of the reference; None if there are several, or they are not learnt."""
    rows = active_references(connection, model)
    if len(rows) != 1:
        return None
    known = Reference.from_json(rows[0].payload).evaluators
    key = evaluators_key(settings.evaluators)
    return known if known is not None and known.key == key else None
