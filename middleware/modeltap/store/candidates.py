"""Candidates of a model: requests sent to them, and their predictions beside the model's own.

A candidate is a model under test. Its predictions are rows of `predictions` under its name, which
no other module reads; the model's own rows have the candidate ''.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from modeltap.store.label_sources import OF_TRUTH

CandidateSource = Literal["replay", "shadow"]


class CandidateRequest(NamedTuple):
    """A request that was sent to a candidate, and its response.

    Args:
        status: the HTTP status; None without a response.
        duration_ms: until the end of the response; None without a response.
        rows: the number of kept predictions, 0 if there are none.
        error: why there are no predictions; None if there are.
        sent_at: the time of the request, as `clock.iso`.
    """

    exchange_id: str
    status: int | None
    duration_ms: float | None
    rows: int
    error: str | None
    sent_at: str


class CandidatePrediction(NamedTuple):
    """A candidate's prediction for one row of an exchange; `probabilities` is JSON."""

    exchange_id: str
    row: int
    prediction: Any
    score: float | None = None
    probabilities: str | None = None


def insert_requests(
    connection: sqlite3.Connection,
    model: str,
    candidate: str,
    requests: Iterable[CandidateRequest],
    *,
    source: CandidateSource,
) -> int:
    """Insert or replace requests to a candidate, inside the caller's transaction.

    Requests whose exchange is not in the store are left out, because retention or erasure has
    deleted it. Returns the number of inserted requests.
    """
    return connection.executemany(
        "insert or replace into candidate_requests (exchange_id, candidate, model, source, status, "
        "duration_ms, rows, error, sent_at) select e.id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 "
        "from exchanges e where e.id = ?1",
        ((request[0], candidate, model, source, *request[1:]) for request in requests),
    ).rowcount


def insert_candidate_predictions(
    connection: sqlite3.Connection,
    model: str,
    candidate: str,
    predictions: Iterable[CandidatePrediction],
) -> int:
    """Insert or replace predictions of a candidate, inside the caller's transaction.

    Predictions whose exchange is not in the store are left out. Returns the number of inserted
    predictions.
    """
    return connection.executemany(
        "insert or replace into predictions (exchange_id, row, candidate, model, prediction, "
        "score, probabilities, seq) select e.id, ?2, ?3, ?4, ?5, ?6, ?7, e.seq "
        "from exchanges e where e.id = ?1",
        (
            (
                own.exchange_id,
                own.row,
                candidate,
                model,
                own.prediction,
                own.score,
                own.probabilities,
            )
            for own in predictions
        ),
    ).rowcount


class StoredCandidate(NamedTuple):
    """A candidate of a model, with the requests sent to it and its predictions.

    Args:
        requests: the requests that were sent to it; 0 if its predictions came from a file.
        failed: those of them that have no predictions.
        rows: its predictions.
        first_at: the time of the first request, None without one.
        last_at: the time of the last request.
    """

    model: str
    name: str
    requests: int
    failed: int
    rows: int
    first_at: str | None
    last_at: str | None


def candidates_of(
    connection: sqlite3.Connection, model: str | None = None
) -> list[StoredCandidate]:
    """Return the candidates of a model, or of all models, in order."""
    rows = connection.execute(
        "select model, candidate, sum(requests), sum(failed), sum(rows), min(first_at), "
        "max(last_at) from (select model, candidate, count(*) as requests, "
        "sum(rows = 0) as failed, 0 as rows, min(sent_at) as first_at, "
        "max(sent_at) as last_at from candidate_requests group by model, candidate "
        "union all select model, candidate, 0, 0, count(*), null, null "
        "from predictions where candidate <> '' group by model, candidate) "
        "where ? is null or model = ? group by 1, 2 order by 1, 2",
        (model, model),
    )
    return [StoredCandidate(*row) for row in rows]


class PairedPrediction(NamedTuple):
    """A row with the prediction of the model and that of a candidate.

    `label` is the row's last label, None if it has none; `version` is the analysed one.
    """

    exchange_id: str
    row: int
    event_time: str
    version: str
    prediction: Any
    score: float | None
    candidate_prediction: Any
    candidate_score: float | None
    label: Any


def paired_predictions(
    connection: sqlite3.Connection,
    model: str,
    candidate: str,
    *,
    start: str = "",
    end: str = "9999",
) -> Iterator[PairedPrediction]:
    """Yield the rows that have a prediction of the model and of a candidate, in event order.

    Rows without an event time are left out, as in the model's own metrics.

    Args:
        start: the first event time.
        end: the event time before which rows end, exclusive.
    """
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples, because each row is converted anyway
    cursor.execute(
        "select p.exchange_id, p.row, p.event_time, p.version, p.prediction, p.score, "
        "c.prediction, c.score, (select l.value from labels l where l.exchange_id = p.exchange_id "
        f"and l.row = p.row and {OF_TRUTH} order by l.seq desc limit 1) from predictions c "
        "cross join predictions p on p.exchange_id = c.exchange_id and p.row = c.row "
        "and p.candidate = '' where c.model = ? and c.candidate = ? and c.candidate <> '' "
        "and p.event_time >= ? and p.event_time < ? order by p.event_time, p.seq, p.row",
        (model, candidate, start, end),
    )
    return map(PairedPrediction._make, cursor)


class PairedDuration(NamedTuple):
    """The durations of one request at the model and at a candidate, in milliseconds."""

    exchange_id: str
    current_ms: float
    candidate_ms: float


def paired_durations(
    connection: sqlite3.Connection, model: str, candidate: str, *, since: str = ""
) -> Iterator[PairedDuration]:
    """Yield the durations of requests that both answered without an error, in order of arrival.

    Args:
        since: leaves out requests that the model received before this time.
    """
    rows = connection.execute(
        "select e.id, e.duration_ms, c.duration_ms from candidate_requests c "
        "cross join exchanges e on e.id = c.exchange_id where c.model = ? and c.candidate = ? "
        "and c.duration_ms is not null and ifnull(c.status, 200) < 400 "
        "and e.duration_ms is not null and ifnull(e.status, 200) < 400 "
        "and e.error_type is null and e.started_at >= ? order by e.seq",
        (model, candidate, since),
    )
    return map(PairedDuration._make, rows)


class FailedRequests(NamedTuple):
    """The number of requests to a candidate without predictions for the same reason."""

    error: str
    requests: int


def failed_requests(
    connection: sqlite3.Connection, model: str, candidate: str
) -> list[FailedRequests]:
    """Return the failed requests of a candidate by reason, the most frequent first."""
    rows = connection.execute(
        "select ifnull(error, ''), count(*) from candidate_requests "
        "where model = ? and candidate = ? and rows = 0 group by 1 order by 2 desc, 1",
        (model, candidate),
    )
    return [FailedRequests(*row) for row in rows]


def delete_candidate(connection: sqlite3.Connection, model: str, candidate: str) -> int:
    """Delete a candidate's requests and predictions, inside the caller's transaction.

    Returns the number of deleted predictions.
    """
    values = (model, candidate)
    connection.execute("delete from candidate_requests where model = ? and candidate = ?", values)
    return connection.execute(
        "delete from predictions where model = ? and candidate = ? and candidate <> ''", values
    ).rowcount
