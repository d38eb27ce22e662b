"""Learning of a frozen reference's performance from labels that arrive after it was frozen."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.window_starts import starts
from modeltap.analysis.estimation.outcomes import outcomes
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import save
from modeltap.analysis.references.performance_baseline import (
    Times,
    label_form,
    learn_baselines,
    with_records,
)
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.decoding.times import parse_times
from modeltap.store.connection import writing
from modeltap.store.labelled_rows import LabelledPrediction, LabelledRows
from modeltap.store.labels import newest_label
from modeltap.store.predictions import labelled_predictions, newest_labelled_time
from modeltap.store.references import RowOutcome, sampled_rows, set_outcomes

_GROWTH = 1.05
"""The growth of labels that triggers learning again: a twentieth of all labels, of any rows."""

_LONGEST_WAIT = clock.WEEK
"""The longest wait for labels of a reference that spans months."""


def with_performance(
    connection: sqlite3.Connection, reference: Reference, settings: Settings
) -> Reference:
    """Return the reference with its performance, saved in a transaction of its own if it is new.

    It has no performance if fewer than `min_rows` of its rows have labels, or if its rows are not
    those of a period in the store. It is learnt again until almost all labels have arrived, or
    until labels arrive of rows that are later by the reference's own length (a week at most): its
    own labels have arrived by then, for any normal delay. The first labels are not representative,
    because easy cases are labelled early.
    """
    known = reference.performance
    if not (reference.from_time and reference.to_time) or _is_settled(reference):
        return reference
    newest = newest_label(connection)
    over = _is_over(connection, reference)
    if known is not None and newest < _GROWTH * known.newest_label and not over:
        return reference
    pairs = labelled_predictions(
        connection,
        reference.model,
        reference.version,
        (reference.from_time, 0, 0),
        (reference.to_time, 0, 0),
    )
    if pairs.labelled < settings.min_rows:
        return reference
    records = learn_baselines(
        pairs.predictions,
        pairs.labels,
        settings.task,
        _times(pairs, settings),
        label_form(settings),
        pairs.scores,
    )
    if not records:
        return reference
    records = {
        name: replace(record, newest_label=newest, complete=over or record.complete)
        for name, record in records.items()
    }
    learnt = with_records(reference, records)
    with writing(connection):
        save(connection, learnt)
        set_outcomes(connection, learnt.id, _outcomes(connection, learnt, pairs, settings))
    return learnt


def _outcomes(
    connection: sqlite3.Connection,
    reference: Reference,
    pairs: Sequence[LabelledPrediction],
    settings: Settings,
) -> list[RowOutcome]:
    """Return the outcomes of the sampled rows."""
    known = reference.performance
    if known is None or reference.output_performance:
        return []
    sampled = {(row.exchange_id, row.row) for row in sampled_rows(connection, reference.id)}
    own = [pair for pair in pairs if (pair.exchange_id, pair.row) in sampled]
    numbers = outcomes(
        [pair.prediction for pair in own],
        [pair.label for pair in own],
        [pair.score for pair in own],
        known,
        label_form(settings),
    )
    return [
        RowOutcome(*outcome, own[place].exchange_id, own[place].row)
        for place, outcome in numbers.by_place()
    ]


def _is_settled(reference: Reference) -> bool:
    """Return whether learning is complete, or the rows are not this reference's."""
    known = reference.performance
    if reference.inherited or reference.state == "provisional":
        return True
    return known is not None and known.complete


def _is_over(connection: sqlite3.Connection, reference: Reference) -> bool:
    """Return whether labels of much later rows have arrived, so that its own are complete."""
    newest = newest_labelled_time(connection, reference.model, reference.version)
    first, last = clock.parse(reference.from_time), clock.parse(reference.to_time)
    if newest is None or first is None or last is None:
        return False
    return newest >= clock.iso(last + min(last - first, _LONGEST_WAIT))


def _times(pairs: LabelledRows, settings: Settings) -> Times:
    moments = parse_times(pairs.event_times)
    begun = starts(moments, Window.parse(settings.window).clocked)
    return Times(moments, begun, settings.min_rows)
