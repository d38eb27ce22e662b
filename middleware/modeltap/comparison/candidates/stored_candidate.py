"""A candidate whose predictions are in the store: from a replay, or of shadow traffic."""

from __future__ import annotations

import sqlite3

from modeltap.comparison.candidates.candidate_outputs import CandidateOutput, CandidateOutputs
from modeltap.errors import InputError
from modeltap.store.candidates import candidates_of, paired_durations, paired_predictions


def stored_names(connection: sqlite3.Connection, model: str) -> list[str]:
    """Return the names of the model's stored candidates."""
    return [own.name for own in candidates_of(connection, model)]


def stored_outputs(
    connection: sqlite3.Connection, model: str, name: str, since: str | None = None
) -> CandidateOutputs:
    """Return the predictions and response times of a stored candidate.

    Args:
        since: the first event time, as `clock.iso`; None for all.

    Raises `InputError` if it has no prediction of a row with a prediction of the model.
    """
    pairs = paired_predictions(connection, model, name, start=since or "")
    by_row = {
        (pair.exchange_id, pair.row): CandidateOutput(
            pair.candidate_prediction, pair.candidate_score
        )
        for pair in pairs
        if pair.candidate_prediction is not None
    }
    if not by_row:
        period = f" since {since}" if since else ""
        raise InputError(
            f"candidate {name!r} of model {model!r} has no predictions of rows that the model has "
            f"predictions of{period}; `modeltap replay` adds some"
        )
    durations = [
        (pair.current_ms, pair.candidate_ms)
        for pair in paired_durations(connection, model, name, since=since or "")
    ]
    return CandidateOutputs(name, by_row, durations_ms=durations)
