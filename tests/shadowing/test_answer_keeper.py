"""Answers become predictions of a candidate, decoded and masked like any other exchange."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest

from challengers import RESPONSES
from modeltap.config import sources
from modeltap.shadowing.answer_keeper import AnswerKeeper
from modeltap.shadowing.challenger import ChallengerAnswer
from modeltap.shadowing.challenger_call import ChallengerResponse
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.shadow_feed import ChosenModel
from modeltap.writer.shadow_outcomes import KEPT, NO_PREDICTION, TIMEOUT, UNUSABLE_STORE

OF = ChosenModel("m", "", "next")
TIME = "2026-01-05T10:00:00.000Z"


def answer(id_="a", body=b'{"prediction": 7.5}', kind=b"application/json", **response):
    record = CapturedRecord(
        "asgi",
        "m",
        method="POST",
        path="/predict",
        id=id_,
        request_headers=[("content-type", b"application/json")],
        request_body=b'{"x": 1}',
        request_bytes=8,
        request_read=True,
    )
    given = {"status": 200, "duration_ms": 3.0, "headers": [(b"Content-Type", kind)], "body": body}
    return ChallengerAnswer(OF, record, ChallengerResponse(**given | response), TIME)


@pytest.fixture
def keeper(store):
    """A keeper, with the exchanges `a`, `b` and `c` in its store."""
    connection = connect(store)
    with writing(connection):
        insert_exchanges(
            connection,
            [ExchangeRow(id=id_, started_at=TIME, model="m", source="asgi") for id_ in "abc"],
        )
    connection.close()
    settings = sources.load({"store": store, "mask_values": ["email"]}, environ={})
    counts: Counter[str] = Counter()
    own = AnswerKeeper(store, [origin_of(settings, 1, "host")], lambda *n: counts.update(dict([n])))
    own.counts = counts
    return own


def stored(store, sql):
    connection = sqlite3.connect(store)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


PREDICTIONS = "select exchange_id, row, prediction from predictions where candidate = 'next'"
REQUESTS = "select exchange_id, source, status, rows, error, sent_at from candidate_requests"
COUNTS = "select model, candidate, outcome, count from shadow_counts order by outcome"


def test_predictions_are_kept_under_the_candidates_name(keeper, store):
    keeper.write([answer("a"), answer("b", b'{"prediction": "cat"}')])
    assert stored(store, PREDICTIONS) == [("a", 0, 7.5), ("b", 0, "cat")]
    assert stored(store, REQUESTS) == [(id_, "shadow", 200, 1, None, TIME) for id_ in ("a", "b")]
    assert stored(store, COUNTS) == [("m", "next", KEPT, 2)] and keeper.counts == {KEPT: 2}


@pytest.mark.parametrize("behaviour", ["html", "nothing", "other", "two", "binary"])
def test_a_response_without_a_prediction_is_a_loss_with_a_reason(keeper, store, behaviour):
    """HTML, another format, or another number of predictions than rows."""
    status, kind, body = RESPONSES[behaviour]
    keeper.write([answer("a", body, kind.encode(), status=status), answer("b")])
    assert stored(store, PREDICTIONS) == [("b", 0, 7.5)]
    reasons = dict(stored(store, "select exchange_id, error from candidate_requests"))
    assert reasons["a"] and reasons["b"] is None
    assert keeper.counts == {NO_PREDICTION: 1, KEPT: 1}


def test_a_failed_request_has_its_reason(keeper, store):
    keeper.write([answer("a", status=None, duration_ms=None, reason=TIMEOUT, detail=TIMEOUT)])
    assert stored(store, REQUESTS) == [("a", "shadow", None, 0, TIMEOUT, TIME)]
    assert stored(store, COUNTS) == [("m", "next", TIMEOUT, 1)]


def test_a_text_is_masked_as_the_models_own(keeper, store):
    keeper.write([answer("a", b'{"prediction": "write to ann@example.org"}')])
    assert stored(store, PREDICTIONS) == [("a", 0, "write to [masked]")]


def test_an_exchange_that_was_erased_meanwhile_gets_no_prediction(keeper, store):
    keeper.write([answer("erased"), answer("a")])
    assert stored(store, PREDICTIONS) == [("a", 0, 7.5)]


def test_an_unusable_store_is_counted_once_it_is_usable_again(keeper, store):
    """The losses of the time without a store are in it later."""
    aside = store.with_name("aside.db")
    store.rename(aside)
    keeper.write([answer("a")])
    assert keeper.counts == {UNUSABLE_STORE: 1} and not store.exists()
    aside.rename(store)
    keeper._retry_at = 0.0
    keeper.add(OF, "queue full: bytes", 2)
    keeper.write([answer("b")])
    assert stored(store, COUNTS) == [
        ("m", "next", KEPT, 1),
        ("m", "next", "queue full: bytes", 2),
        ("m", "next", UNUSABLE_STORE, 1),
    ]
