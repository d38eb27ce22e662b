"""Candidates' predictions stand beside the model's own, and no other statement reads them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from modeltap.clock import iso
from modeltap.config.validation import Retention
from modeltap.store import candidates, label_overview, predictions
from modeltap.store.candidates import CandidatePrediction, CandidateRequest
from modeltap.store.connection import connect, writing
from modeltap.store.decode_notes import DecodeNote, save_decode_notes
from modeltap.store.event_times import withdraw_days
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_arrivals import label_arrivals, row_arrivals
from modeltap.store.label_targets import find_target
from modeltap.store.labels import insert_labels, new_labels
from modeltap.store.learning_progress import EventSpan, first_time, nth_time, rows_by_hour
from modeltap.store.retention import prune
from modeltap.store.unjoined_labels import count_unjoined

COUNT = 6
TIMES = [f"2024-01-0{1 + n // 2}T0{n % 2}:00:00.000Z" for n in range(COUNT)]
ALL = (("", 0, 0), predictions.LAST)


@pytest.fixture
def connection(store):
    """Return a store of six exchanges of one row each; only the first four have predictions."""
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_exchanges(
                opened,
                [
                    ExchangeRow(
                        id=f"e{n}",
                        model="m",
                        source="asgi",
                        started_at=TIMES[n],
                        status=200,
                        duration_ms=10.0 + n,
                    )
                    for n in range(COUNT)
                ],
            )
            notes = {seq: DecodeNote(1, None) for seq in range(1, COUNT + 1)}
            save_decode_notes(opened, 0, COUNT, notes)
            known = range(4)
            predictions.insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=[f"e{n}" for n in known],
                rows=[0] * 4,
                predictions=[float(n) for n in known],
                scores=[0.5] * 4,
                probabilities=[None] * 4,
                event_times=TIMES[:4],
                seqs=[n + 1 for n in known],
            )
            insert_labels(opened, [("e0", 0, 1), ("e1", 0, 1), ("e0", 0, 2)], source="t")
        yield opened


def add_candidate(connection, name="new"):
    """Add the predictions of a candidate for all exchanges, and those of one that is gone."""
    with writing(connection):
        added = candidates.insert_requests(
            connection,
            "m",
            name,
            [
                CandidateRequest(f"e{n}", 200, 5.0 + n, 1, None, iso(1e9 + n))
                for n in range(COUNT + 1)
            ],
            source="replay",
        )
        kept = candidates.insert_candidate_predictions(
            connection,
            "m",
            name,
            [CandidatePrediction(f"e{n}", 0, float(-n), 0.25) for n in range(COUNT + 1)],
        )
    return added, kept


def test_pairs_are_in_event_order_with_the_last_label(connection):
    """A row without a prediction of the model has no pair; a deleted exchange has no rows."""
    assert add_candidate(connection) == (COUNT, COUNT)
    pairs = list(candidates.paired_predictions(connection, "m", "new"))
    assert [(pair.exchange_id, pair.prediction, pair.candidate_prediction) for pair in pairs] == [
        (f"e{n}", float(n), float(-n)) for n in range(4)
    ]
    assert [pair.label for pair in pairs] == [2, 1, None, None]
    assert {(pair.score, pair.candidate_score) for pair in pairs} == {(0.5, 0.25)}
    later = candidates.paired_predictions(connection, "m", "new", start=TIMES[1], end=TIMES[3])
    assert [pair.exchange_id for pair in later] == ["e1", "e2"]
    assert list(candidates.paired_predictions(connection, "m", "")) == []
    assert list(candidates.paired_predictions(connection, "n", "new")) == []


def test_candidates_are_listed_with_their_counts(connection):
    add_candidate(connection)
    with writing(connection):
        candidates.insert_candidate_predictions(
            connection, "m", "file", [CandidatePrediction("e0", 0, "1")]
        )
        failures = [
            CandidateRequest("e0", 500, 1.0, 0, "status 500", iso(2e9)),
            CandidateRequest("e1", None, None, 0, "no connection", iso(2e9)),
            CandidateRequest("e2", 200, 1.0, 1, None, iso(2e9)),
        ]
        candidates.insert_requests(connection, "m", "down", failures, source="shadow")
    listed = candidates.candidates_of(connection, "m")
    assert listed == candidates.candidates_of(connection)
    assert [(own.name, own.requests, own.failed, own.rows) for own in listed] == [
        ("down", 3, 2, 0),
        ("file", 0, 0, 1),
        ("new", COUNT, 0, COUNT),
    ]
    assert (listed[2].first_at, listed[2].last_at) == (iso(1e9), iso(1e9 + COUNT - 1))
    assert candidates.candidates_of(connection, "n") == []
    assert candidates.failed_requests(connection, "m", "down") == [
        ("no connection", 1),
        ("status 500", 1),
    ]


def test_durations_are_those_of_requests_that_both_answered(connection):
    add_candidate(connection)
    with writing(connection):
        connection.execute("update exchanges set status = 500 where id = 'e0'")
        connection.execute("update candidate_requests set status = 404 where exchange_id = 'e1'")
    durations = list(candidates.paired_durations(connection, "m", "new", since=TIMES[3]))
    assert durations == [(f"e{n}", 10.0 + n, 5.0 + n) for n in range(3, COUNT)]
    assert len(list(candidates.paired_durations(connection, "m", "new"))) == COUNT - 2


def readings(connection):
    """Return what the statements of other modules read."""
    start, end = ALL
    span = EventSpan("", "9999")
    of = connection, "m", ""
    return {
        "outputs": predictions.outputs_between(*of, start, end),
        "rows": predictions.rows_between(*of, start, end),
        "first": predictions.first_rows(*of, 9),
        "period": predictions.event_period(*of),
        "newest": predictions.newest_event_time(*of),
        "of": [predictions.predictions_of(connection, f"e{n}") for n in range(COUNT)],
        "labelled": predictions.labelled_predictions(*of, start, end),
        "newest labelled": predictions.newest_labelled(*of, 9, 9),
        "newest time": predictions.newest_labelled_time(*of),
        "months": predictions.errors_by_month(connection),
        "counts": label_overview.count_labels(connection, "m"),
        "sources": label_overview.labels_by_source(*of),
        "arrivals": label_arrivals(*of, "", "9999", 9),
        "delays": list(row_arrivals(*of, start, end)),
        "unjoined": count_unjoined(connection, 99, default_model="m"),
        "targets": [find_target(connection, f"e{n}", "m") for n in range(COUNT)],
        "new": new_labels(connection, 0, 99, 16),
        "learning": (first_time(*of, ""), nth_time(*of, "", 4), nth_time(*of, "", 5)),
        "hours": rows_by_hour(*of, span),
    }


def test_other_statements_read_the_model_itself_only(connection):
    before = readings(connection)
    with writing(connection):
        insert_labels(connection, [("e5", 0, 3)], source="t")
    labelled = readings(connection)
    assert labelled != before  # a label of a row that only a candidate predicts
    add_candidate(connection)
    add_candidate(connection, "another")
    assert readings(connection) == labelled


def test_implausible_days_leave_candidates_alone(connection):
    add_candidate(connection)
    with writing(connection):
        withdraw_days(connection, "m", ["2024-01-01"], "2024-02-01T00")
    assert connection.execute("select count(*) from rejected_times").fetchone()[0] == 2
    pairs = candidates.paired_predictions(connection, "m", "new")
    assert [pair.exchange_id for pair in pairs] == ["e2", "e3"]


def test_retention_deletes_candidates_with_their_exchanges(connection):
    add_candidate(connection)
    assert prune(connection, Retention(86400.0), COUNT, 1704326400.0) == 4  # 2024-01-04
    for table in ("exchanges", "candidate_requests", "predictions where candidate = 'new'"):
        assert connection.execute(f"select count(*) from {table}").fetchone()[0] == 2


def test_a_candidate_is_deleted_without_the_others(connection):
    add_candidate(connection)
    before = list(candidates.paired_predictions(connection, "m", "new"))
    add_candidate(connection, "another")
    with writing(connection):
        assert candidates.delete_candidate(connection, "m", "another") == COUNT
        assert candidates.delete_candidate(connection, "m", "") == 0
    assert list(candidates.paired_predictions(connection, "m", "new")) == before
    assert [own.name for own in candidates.candidates_of(connection)] == ["new"]


QUERIES = [
    "select event_time, row from predictions where {} and event_time >= ? "
    "order by event_time, seq, row limit 1",
    "select max(event_time) from predictions where {} and event_time < ?",
]


@pytest.mark.parametrize(("version", "index"), [("", "by_time"), ("2", "of_version")])
@pytest.mark.parametrize("query", QUERIES)
def test_event_order_is_read_from_the_index(connection: sqlite3.Connection, query, version, index):
    """The index has the model's own rows only, and needs no other page."""
    sql = query.format(predictions.own_rows(version))
    plan = connection.execute(f"explain query plan {sql}", ("m", version, "")).fetchall()
    steps = [f"COVERING INDEX predictions_{index}" in step["detail"] for step in plan]
    assert steps == [True]
