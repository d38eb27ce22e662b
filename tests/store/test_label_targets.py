"""A label is assigned to the exchange with a prediction, by any of its ids, and never guessed."""

from __future__ import annotations

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.decode_notes import DecodeNote, save_decode_notes
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_targets import (
    LabelTarget,
    find_target,
    find_targets,
    join_labels,
    join_new_labels,
    waiting_id,
)
from modeltap.store.labels import Label, insert_labels, labels_of
from modeltap.store.predictions import insert_predictions
from modeltap.store.retention import ExchangeKey, delete

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE.upper()}-b7ad6b7169203331-01"

WAYS = {
    "caller": ({"request_id": "caller-1"}, "caller-1"),
    "protocol": ({"protocol_id": "event-1"}, "event-1"),
    "trace": ({"trace_id": TRACE}, TRACE),
    "upper": ({"trace_id": TRACE}, TRACE.upper()),
    "traceparent": ({"trace_id": TRACE}, PARENT),
}
"""An exchange's ids beside its own, and the id that a label comes by."""


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


def add(connection, id_, *, model="m", status=200, rows=None, protocol_id=None, **ids):
    """Add an exchange with a prediction for each of `rows`; None for an undecoded one."""
    row = ExchangeRow(
        id=id_, model=model, source="asgi", status=status, started_at="2024-01-01T00:00:00Z", **ids
    )
    with writing(connection):
        insert_exchanges(connection, [row])
        connection.execute("update exchanges set protocol_id = ? where id = ?", (protocol_id, id_))
    if rows is not None:
        decode(connection, id_, rows, model=model)


def decode(connection, id_, rows, *, model="m"):
    n = len(rows)
    with writing(connection):
        (seq,) = connection.execute("select seq from exchanges where id = ?", (id_,)).fetchone()
        save_decode_notes(connection, seq - 1, seq, {seq: DecodeNote(n, None)})
        insert_predictions(
            connection,
            model,
            "",
            exchange_ids=[id_] * n,
            rows=range(n),
            predictions=rows,
            scores=[None] * n,
            probabilities=[None] * n,
            event_times=["2024-01-01T00:00:00.000Z"] * n,
            seqs=[seq] * n,
        )


def label(connection, id_, value=1, **options):
    with writing(connection):
        insert_labels(connection, [Label(waiting_id(id_), 0, value)], source="label()", **options)


def values_of(connection, id_):
    return [row["value"] for row in labels_of(connection, id_)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("failed", [{"status": 503, "rows": [None]}, {"status": 500, "rows": []}])
@pytest.mark.parametrize("first", [True, False], ids=["failed-first", "failed-last"])
def test_a_retried_requests_label_belongs_to_the_attempt_with_a_prediction(
    connection, way, failed, first
):
    ids, given = WAYS[way]
    tries = [("bad", failed), ("good", {"rows": [0.5]})]
    for id_, facts in tries if first else tries[::-1]:
        add(connection, id_, **facts, **ids)
    assert find_target(connection, given).exchange_id == "good"


@pytest.mark.parametrize("way", WAYS)
def test_several_candidates_are_returned_unless_a_model_selects_one(connection, way):
    ids, given = WAYS[way]
    add(connection, "a", model="gateway", rows=[1], **ids)
    add(connection, "b", model="scores", rows=[2], **ids)
    assert find_target(connection, given) == LabelTarget(candidates=("a", "b"))
    assert find_target(connection, given, "scores") == LabelTarget("b")
    assert find_target(connection, given, "absent") == LabelTarget()


@pytest.mark.parametrize("way", WAYS)
def test_an_undecoded_exchange_is_found_but_failed_or_several_ones_wait(connection, way):
    ids, given = WAYS[way]
    add(connection, "a", **ids)
    assert find_target(connection, given) == LabelTarget("a")
    add(connection, "b", **ids)
    assert find_target(connection, given) == LabelTarget(waits=True)
    add(connection, "c", status=503, request_id="alone")
    assert find_target(connection, "alone") == LabelTarget(waits=True)


def test_the_own_id_precedes_the_request_id_and_the_trace_id(connection):
    add(connection, "x", rows=[1])
    add(connection, "y", rows=[1], request_id="x")
    add(connection, "z", rows=[1], request_id=TRACE)
    add(connection, "t", rows=[1], trace_id=TRACE)
    assert find_target(connection, "x").exchange_id == "x"
    assert find_target(connection, TRACE).exchange_id == "z"
    assert find_targets(connection, {"w": "y"})["w"].exchange_id == "y"
    assert find_target(connection, "nobody") == LabelTarget()


def test_behind_a_gateway_the_outer_id_leads_to_the_model(connection):
    """The outer tap sends its id in the header; the inner exchange has it as request id."""
    add(connection, "outer", model="gateway", rows=[None])
    add(connection, "inner", rows=[0.7], request_id="outer")
    assert find_target(connection, "outer").exchange_id == "inner"


def test_numeric_ids_are_texts(connection):
    add(connection, "a", rows=[1], request_id="000041")
    assert find_target(connection, "41") == LabelTarget()
    assert find_target(connection, "000041").exchange_id == "a"


@pytest.mark.parametrize("way", WAYS)
def test_an_early_label_is_joined_when_the_prediction_arrives(connection, way):
    ids, given = WAYS[way]
    label(connection, given)
    add(connection, "bad", status=503, rows=[], **ids)
    with writing(connection):
        join_labels(connection, ["bad"])
    assert values_of(connection, "bad") == []
    add(connection, "good", rows=[1], **ids)
    with writing(connection):
        join_labels(connection, ["good"])
    (joined,) = labels_of(connection, "good")
    assert joined["value"] == 1 and joined["key"] == waiting_id(given)
    assert values_of(connection, waiting_id(given)) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_late_label_is_joined_unless_there_are_several_candidates(connection, way):
    ids, given = WAYS[way]
    add(connection, "a", rows=[1], model="a", **ids)
    label(connection, given)
    with writing(connection):
        join_new_labels(connection, 0)
    assert values_of(connection, "a") == [1]
    add(connection, "b", rows=[1], model="b", **ids)
    label(connection, given, 2)
    label(connection, given, 3, model="b")
    with writing(connection):
        join_new_labels(connection, 1)
    assert values_of(connection, "a") == [1] and values_of(connection, "b") == [3]
    assert values_of(connection, waiting_id(given)) == [2]


def test_a_newer_label_stays_the_last(connection):
    label(connection, "caller", "old")
    add(connection, "a", request_id="caller")
    label(connection, "a", "new")
    decode(connection, "a", [1])
    with writing(connection):
        join_labels(connection, ["a"])
    assert values_of(connection, "a") == ["old", "new"]


def test_labels_by_the_exchanges_own_id_stay(connection):
    add(connection, "a", rows=[1])
    add(connection, "b", rows=[1], request_id="a")
    label(connection, "a")
    with writing(connection):
        join_new_labels(connection, 0)
        join_labels(connection, ["a", "b"])
    assert values_of(connection, "a") == [1] and values_of(connection, "b") == []


@pytest.mark.parametrize("id_", ["a-b", "01a2093b-bcfb-7ace-ab8e-bb813425f054", "", "x" * 40])
def test_a_label_with_another_id_waits_under_that_id(id_):
    assert waiting_id(id_) == id_


def test_the_ids_are_looked_up_in_indexes(connection):
    plan = connection.execute(
        "explain query plan select id from exchanges where trace_id = 'x' union "
        "select id from exchanges where request_id = 'x' union "
        "select id from exchanges where protocol_id = 'x'"
    ).fetchall()
    assert not [row["detail"] for row in plan if row["detail"].startswith("SCAN")]


@pytest.mark.parametrize("way", WAYS)
def test_waiting_labels_are_deleted_with_the_last_exchange_of_their_id(connection, way):
    ids, given = WAYS[way]
    for id_ in ("a", "b"):
        add(connection, id_, rows=[1], **ids)
    label(connection, given)
    seqs = dict(connection.execute("select id, seq from exchanges").fetchall())
    for id_, left in (("a", [1]), ("b", [])):
        with writing(connection):
            delete(connection, [ExchangeKey(seqs[id_], id_)])
        assert values_of(connection, waiting_id(given)) == left
