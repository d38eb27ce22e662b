"""The writer's side of shadow traffic: which requests it passes on, and what it counts."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import contextmanager

import pytest

from challengers import challenging
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.store.shadow_counts import shadow_totals
from modeltap.writer.protocol import Counters, Frames
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.shadow_feed import ShadowFeed
from modeltap.writer.shadow_outcomes import (
    MASKED,
    NO_PREDICTION,
    NO_SENDER,
    NOT_READ,
    NOT_STORED,
    SENDER_BUSY,
    TOO_LARGE,
)
from recordings import frame_of


def packed(**fields):
    body = fields.get("request_body", b'{"x": 1}')
    given = {"method": "POST", "path": "/predict", "status": 200, "request_read": True, "id": "a"}
    given |= {"source": "asgi", "request_body": body, "request_bytes": len(body)} | fields
    ((_, payload),) = Frames().split(frame_of(CapturedRecord(model="m", **given)))
    return payload


@contextmanager
def feeding(store, url, *, log=lambda _: None, **shadow):
    memory = Counters.create()
    feed = ShadowFeed(store, memory, log)
    options = {"url": url, "fraction": 1.0, "allow_private": True, **shadow}
    settings = sources.load({"store": store, "shadow": options}, environ={})
    feed.add_origin(origin_of(settings, 1, "host"))
    try:
        yield feed, Counters(memory).shadow
    finally:
        feed.close()


@pytest.mark.parametrize(
    ("fields", "stored", "reason"),
    [
        ({"request_truncated": True}, True, TOO_LARGE),
        ({"request_bytes": 100_000}, True, TOO_LARGE),
        ({"request_read": False}, True, NOT_READ),
        ({"request_note": "masked"}, True, MASKED),
        ({}, False, NOT_STORED),
    ],
    ids=str,
)
def test_a_request_that_is_not_complete_is_lost_and_counted(store, fields, stored, reason):
    with feeding(store, "http://127.0.0.1:9") as (feed, outcomes):
        feed.offer([packed(**fields)], stored)
        assert outcomes() == {reason: 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 422},
        {"status": 500},
        {"error_type": "ValueError"},
        {"status": None},
        {"source": "call"},
        {"request_headers": [("x-modeltap-shadow", b"next")]},
    ],
    ids=str,
)
def test_a_request_that_the_model_did_not_answer_is_not_chosen(store, fields):
    """There is nothing to compare, so it is no loss either. Neither is shadow traffic itself, which
    an app with the same settings as its challenger would send in circles."""
    with feeding(store, "http://127.0.0.1:9") as (feed, outcomes):
        feed.offer([packed(**fields)], True)
        assert outcomes() == {} and feed._sender is None


def test_the_fraction_is_chosen_at_random(store, monkeypatch):
    with feeding(store, "http://127.0.0.1:9", fraction=0.2) as (feed, outcomes):
        monkeypatch.setattr(feed, "_started", lambda: False)
        feed.offer([packed()] * 5000, True)
        assert 850 < outcomes()[NO_SENDER] < 1150  # .2, within five standard deviations


def test_without_a_sender_every_request_is_counted_and_one_message_logged(store, monkeypatch):
    monkeypatch.setenv("MODELTAP_PYTHON", "/no/such/python")
    messages: list[str] = []
    with feeding(store, "http://127.0.0.1:9", log=messages.append) as (feed, outcomes):
        feed.offer([packed()] * 7, True)
        assert outcomes() == {NO_SENDER: 7}
    assert len(messages) == 1 and "/no/such/python" in messages[0]


def test_a_stopped_sender_fills_the_pipe_and_no_more(store, eventually):
    """The writer does not wait; when the sender runs again, everything adds up."""
    connect(store).close()
    body = b'{"x": 1, "pad": "' + b"p" * 50_000 + b'"}'
    with (
        challenging() as challenger,
        feeding(store, challenger.url, max_queue_requests=100_000) as (feed, outcomes),
    ):
        feed.offer([packed()], True)
        os.kill(feed._sender.pid, signal.SIGSTOP)
        feed.offer([packed(request_body=body)] * 100, True)
        busy = outcomes()[SENDER_BUSY]
        assert 50 < busy < 100
        os.kill(feed._sender.pid, signal.SIGCONT)
        assert eventually(lambda: not feed.pump() and outcomes().total() == 101)
        assert outcomes()[SENDER_BUSY] == busy
        assert eventually(lambda: _stored(store) == outcomes())


def test_a_killed_sender_is_counted_and_started_again(store, eventually):
    connect(store).close()
    messages: list[str] = []
    with (
        challenging("never") as challenger,
        feeding(store, challenger.url, log=messages.append) as (feed, outcomes),
    ):
        feed.offer([packed()] * 3, True)
        assert eventually(lambda: len(challenger.received) == 3)
        os.kill(feed._sender.pid, signal.SIGKILL)
        challenger.behaviour = "html"
        feed._retry_at = 0.0
        offered = 3

        def is_served_again():
            nonlocal offered
            feed.offer([packed()], True)
            offered += 1
            return NO_PREDICTION in outcomes()

        assert eventually(is_served_again)
        assert eventually(lambda: outcomes().total() == offered)
        assert outcomes()[NO_SENDER] >= 3
        assert any("started again" in message for message in messages)


def _stored(store):
    connection = connect(store)
    try:
        totals = shadow_totals(connection, "m")
        return Counter(totals[0].losses) + Counter(kept=totals[0].kept) if totals else None
    finally:
        connection.close()
