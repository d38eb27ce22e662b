"""Delivery to misbehaving receivers: every message arrives once, in order, under one id."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from contextlib import closing
from email.utils import formatdate
from itertools import pairwise

import pytest

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify import http, outbox
from modeltap.notify.delivery import deliver
from modeltap.store.connection import connect, writing
from modeltap.testing import FakeClock, WebhookReceiver


@pytest.fixture
def receiver():
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
def clock():
    return FakeClock(FakeClock().time() + 1)


def hook(receiver, key="hook", **overrides):
    url = receiver if isinstance(receiver, str) else receiver.url
    return key, WebhookSettings(
        **{"url": url, "allow_private": True, "timeout_seconds": 2.0} | overrides
    )


def queue(connection, *ids, webhook="hook", number=0):
    event = {"type": "alert.firing", "data": {"model": "m", "number": number}}
    with writing(connection):
        return outbox.enqueue_message(connection, webhook, event, ids)


def look(connection, column="state"):
    return [one[0] for one in connection.execute(f"select {column} from deliveries order by rowid")]


def deliver_all(store, connection, hooks, clock, passes=200):
    """Advance the clock until no message is pending."""
    for _ in range(passes):
        deliver(store, hooks, clock=clock.time)
        if "pending" not in look(connection):
            return
        upcoming = min(one for one in look(connection, "next_at") if one)
        clock.sleep(max(1.0, (outbox.clock.parse(upcoming) or 0.0) - clock.time()))
    pytest.fail("a message stays pending")


def test_pending_messages_arrive_once(store, connection, receiver, clock):
    ids = [queue(connection, "a", number=i) for i in range(3)]
    report = deliver(store, [hook(receiver)], clock=clock.time)
    assert (report.delivered, report.retried, report.dead) == (3, 0, 0)
    assert [one.headers["webhook-id"] for one in receiver.received] == ids
    assert [one.event["data"]["number"] for one in receiver.received] == [0, 1, 2]
    assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert deliver(store, [hook(receiver)], clock=clock.time).delivered == 0


def test_two_webhooks_with_the_same_url_both_get_their_messages(store, connection, receiver, clock):
    """Like two customers of PagerDuty, who differ only in their secret."""
    shared = {"url": receiver.url, "format": "pagerduty", "allow_private": True}
    hooks = [WebhookSettings(**shared, secret=secret) for secret in ("one", "two")]
    event = {"type": "test", "timestamp": "2026-01-01T00:00:00.000Z", "data": {}}
    with writing(connection):
        for webhook in hooks:
            outbox.enqueue_message(connection, webhook.key, event, ["a"])
    report = deliver(store, [(one.key, one) for one in hooks], clock=clock.time)
    assert report.delivered == 2
    assert {one.event["routing_key"] for one in receiver.received} == {"one", "two"}


def test_messages_arrive_after_an_hour_of_various_failures(store, connection, clock):
    with WebhookReceiver() as gone:
        port = gone.port
    ids = [queue(connection, f"alert {i % 2}", number=i) for i in range(8)]
    end = clock.time() + 3600
    down = [hook(f"http://127.0.0.1:{port}/hook", timeout_seconds=0.3)]
    while clock.time() < end:
        assert deliver(store, down, clock=clock.time).delivered == 0
        clock.sleep(300)
    assert look(connection, "last_error")[0] == "connection refused"
    with WebhookReceiver(port=port) as receiver:
        receiver.answers = [
            500,
            500,
            (429, {"retry-after": "120"}),
            "reset",
            "drip",
            "hang",
            302,
            400,
        ]
        receiver.answers.append((503, {"retry-after": formatdate(clock.time() + 9000)}))
        deliver_all(store, connection, down, clock)
        arrived = [one.headers["webhook-id"] for one in receiver.received]
        bodies = {(one.headers["webhook-id"], one.body) for one in receiver.received}
    assert set(look(connection)) == {"delivered"}
    assert set(arrived) == set(ids)
    assert len(arrived) == 8 + 9
    assert len(bodies) == 8  # a repeat is the same message, byte for byte
    last = {one: max(i for i, seen in enumerate(arrived) if seen == one) for one in ids}
    first = {one: arrived.index(one) for one in ids}
    for even_or_odd in (ids[::2], ids[1::2]):
        for one, later in pairwise(even_or_odd):
            assert last[one] < first[later]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (500, "status 500"),
        (404, "status 404"),
        ((302, {"location": "/other"}), "status 302"),
        ("reset", "connection closed"),
        ("hang", "timeout"),
        ("drip", "timeout"),
    ],
)
def test_errors_are_short(store, connection, receiver, clock, answer, word):
    receiver.answers = [answer]
    queue(connection, "a")
    patience = 0.4 if word == "timeout" else 30.0
    report = deliver(store, [hook(receiver, timeout_seconds=patience)], clock=clock.time)
    assert (report.retried, look(connection), look(connection, "last_error")) == (
        1,
        ["pending"],
        [word],
    )
    assert len(receiver.received) == 1


def test_an_endless_response_is_not_read(store, connection, receiver, clock):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(10_000):
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            pass
        handler.close_connection = True

    receiver.answers = [endless]
    queue(connection, "a")
    assert deliver(store, [hook(receiver)], clock=clock.time).delivered == 1


def test_a_status_of_200_with_a_closed_connection_is_delivered(store, connection, receiver, clock):
    def rude(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        handler.close_connection = True

    receiver.answers = [rude]
    queue(connection, "a")
    assert deliver(store, [hook(receiver)], clock=clock.time).delivered == 1


def test_status_410_stops_the_webhook(store, connection, receiver, clock):
    receiver.answers = [410]
    queue(connection, "a"), queue(connection, "b")
    assert deliver(store, [hook(receiver)], clock=clock.time).dead == 1
    assert look(connection) == ["dead", "dead"]
    assert len(receiver.received) == 1


def test_a_rejected_message_delays_only_its_own_alert(store, connection, receiver, clock):
    receiver.answers = [400]
    queue(connection, "a"), queue(connection, "a"), queue(connection, "b")
    deliver(store, [hook(receiver)], clock=clock.time)
    assert look(connection) == ["pending", "pending", "delivered"]
    assert not outbox.any_due(connection, clock.time())


def test_a_slow_receiver_holds_up_nobody_else(store, connection, receiver, clock):
    served = threading.Event()
    with WebhookReceiver() as slow:
        slow.answers = [lambda handler: served.wait(10)]
        receiver.answers = [
            lambda handler: (served.set(), handler.send_response(204), handler.end_headers())
        ]
        queue(connection, "a", webhook="slow"), queue(connection, "a", webhook="quick")
        hooks = [hook(slow, "slow", timeout_seconds=9.0), hook(receiver, "quick")]
        deliver(store, hooks, clock=clock.time)
    assert served.is_set()
    assert look(connection)[1] == "delivered"


def test_no_transaction_is_open_while_posting(store, connection, receiver, clock):
    def write_meanwhile(handler):
        with closing(connect(store, create=False)) as other:
            other.execute("pragma busy_timeout = 0")
            queue(other, "b", webhook="another")
        handler.send_response(204)
        handler.end_headers()

    receiver.answers = [write_meanwhile]
    queue(connection, "a")
    assert deliver(store, [hook(receiver)], clock=clock.time).delivered == 1
    assert len(look(connection)) == 2


def test_concurrent_senders_neither_lose_nor_reorder_messages(store, connection, receiver, clock):
    ids = [queue(connection, f"alert {i % 5}", number=i) for i in range(30)]
    receiver.answers = [500 if i % 6 == 3 else 204 for i in range(30)]
    hooks = [hook(receiver)]
    senders = [
        threading.Thread(target=deliver, args=(store, hooks), kwargs={"clock": clock.time})
        for _ in range(2)
    ]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    deliver_all(store, connection, hooks, clock)
    arrived = [one.headers["webhook-id"] for one in receiver.received]
    assert set(arrived) == set(ids)
    for alert in range(5):
        mine = [one for one in arrived if one in ids[alert::5]]
        assert list(dict.fromkeys(mine)) == ids[alert::5]
        assert mine == sorted(mine, key=ids.index)


def test_private_addresses_need_allow_private(store, connection, receiver, clock):
    queue(connection, "a")
    url = f"http://2130706433:{receiver.port}/hook"
    deliver(store, [hook(url, allow_private=False)], clock=clock.time)
    assert look(connection, "last_error") == [
        "address 127.0.0.1 is private; set allow_private = true"
    ]
    assert receiver.received == []
    clock.sleep(6)
    assert deliver(store, [hook(url)], clock=clock.time).delivered == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0/",
    ],
)
def test_metadata_services_are_never_reached(store, connection, clock, url):
    queue(connection, "a")
    tried = []
    deliver(store, [hook(url)], clock=clock.time, transport=lambda: tried.append(1))
    assert "never allowed" in look(connection, "last_error")[0]
    assert tried == []


def test_an_unset_variable_costs_no_attempt(store, connection, receiver, clock, monkeypatch):
    monkeypatch.delenv("ALERT_URL", raising=False)
    queue(connection, "a", webhook="env:ALERT_URL")
    hooks = [hook("env:ALERT_URL", "env:ALERT_URL")]
    deliver(store, hooks, clock=clock.time)
    assert look(connection) == ["pending"]
    assert "ALERT_URL is not set" in look(connection, "last_error")[0]
    assert look(connection, "attempts") == [0]
    # The app's scheduler must not start a process every few seconds for this.
    assert not outbox.any_due(connection, clock.time())
    monkeypatch.setenv("ALERT_URL", receiver.url)
    clock.sleep(301)
    assert deliver(store, hooks, clock=clock.time).delivered == 1


def test_messages_to_an_unknown_webhook_are_not_always_due(store, connection, clock):
    queue(connection, "a", webhook="removed")
    deliver(store, [], clock=clock.time)
    assert look(connection) == ["pending"]
    assert not outbox.any_due(connection, clock.time())
    assert outbox.any_due(connection, clock.time() + 61)


def test_an_unknown_format_is_reported(store, connection, receiver, clock):
    queue(connection, "a")
    deliver(store, [hook(receiver, format="pigeon")], clock=clock.time)
    assert (
        "no installed plugin supports the webhook format 'pigeon'"
        in look(connection, "last_error")[0]
    )


def test_no_url_and_no_secret_is_logged_or_stored(store, connection, receiver, clock, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.answers = [204, 500, "reset"]
    url = receiver.url.replace("http://", "http://user:pa55w0rd@") + "?key=t0ken"
    overrides = {"secret": "whsec_" + "QUJD" * 8}
    for number in range(4):
        queue(connection, f"{number}")
    deliver(store, [hook(url, **overrides)], clock=clock.time)
    down = "http://user:pa55w0rd@127.0.0.1:1/t0ken"
    clock.sleep(3600)
    deliver(store, [hook(down, **overrides)], clock=clock.time)
    assert receiver.received[0].headers["authorization"].startswith("Basic ")
    written = "".join(connection.iterdump()) + caplog.text
    assert "webhook hook: status 500" in caplog.text
    for secret in ("t0ken", "pa55w0rd", "QUJD", "/hook"):
        assert secret not in written


def test_a_store_error_is_raised_after_the_others_were_served(
    store, connection, receiver, clock, monkeypatch
):
    queue(connection, "a", webhook="broken"), queue(connection, "a", webhook="good")
    settle = outbox.settle

    def breaks(opened, delivery, *rest):
        if delivery.webhook == "broken":
            raise sqlite3.OperationalError("disk I/O error")
        return settle(opened, delivery, *rest)

    monkeypatch.setattr(outbox, "settle", breaks)
    with pytest.raises(sqlite3.OperationalError):
        deliver(store, [hook(receiver, "broken"), hook(receiver, "good")], clock=clock.time)
    assert look(connection) == ["pending", "delivered"]
    # Its claim ends by itself, and the message goes out again under the same id.
    monkeypatch.undo()
    clock.sleep(100)
    deliver(store, [hook(receiver, "broken")], clock=clock.time)
    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert (len(ids), len(set(ids))) == (3, 2)


def test_an_alert_is_delivered_from_analysed_rows(store, connection, process, row, receiver, clock):
    one = hook(receiver)
    process(row(0, "alert"), webhooks=[one])
    process(row(1, "ok"), webhooks=[one])
    assert deliver(store, [one], clock=clock.time).delivered == 2
    assert [got.event["type"] for got in receiver.received] == ["alert.firing", "alert.resolved"]
    first, second = (json.loads(got.body)["data"]["alerts"][0] for got in receiver.received)
    assert first["id"] == second["id"]
    assert first["fingerprint"] == second["fingerprint"]


def test_proxy_variables_are_ignored(store, connection, receiver, clock, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    queue(connection, "a")
    assert deliver(store, [hook(receiver)], clock=clock.time).delivered == 1


def test_the_next_address_is_tried(store, connection, receiver, clock, monkeypatch):
    monkeypatch.setattr(http, "resolve", lambda *_, **__: ["127.0.0.2", "127.0.0.1"])
    queue(connection, "a")
    assert deliver(store, [hook(receiver)], clock=clock.time).delivered == 1
