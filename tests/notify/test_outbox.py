"""The outbox: grouped messages for subscribed webhooks, claimed once and in order."""

from __future__ import annotations

import json
import threading
import time

import pytest

from modeltap.alerts.silence import silence
from modeltap.clock import iso
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify import outbox
from modeltap.notify.outbox import DeliveryOutcome, any_due, claim, settle
from modeltap.notify.retries import MAX_AGE_SECONDS, RETRY_SECONDS
from modeltap.store.connection import connect, writing

HOOK = [("a.example#1", WebhookSettings(url="https://a.example/secret-token"))]
SOON = time.time() + 3600
"""Later than all messages of the tests."""


def messages(connection):
    return [dict(one) for one in connection.execute("select * from deliveries order by rowid")]


def queue(connection, *ids, webhook="hook", event_type="alert.firing"):
    event = {"type": event_type, "data": {"model": "m"}}
    with writing(connection):
        return outbox.enqueue_message(connection, webhook, event, ids)


def take(connection, now=SOON, limit=10, webhook="hook"):
    """Claim messages until none is due or `limit` is reached."""
    claimed = []
    while len(claimed) < limit:
        message = claim(connection, webhook, now=now, lease_seconds=60)
        if message is None:
            break
        claimed.append(message)
    return claimed


def test_alerts_that_began_together_are_one_message(connection, process, row):
    strengths = {"temp": 2.1, "dewp": 9.0, "wind": 3.0, "pressure": 4.0, "humid": 5.0}
    process(
        *[
            row(
                0,
                "alert",
                feature=name,
                strength=strength,
                explanation=f"{name}: median went from 1 to 2",
            )
            for name, strength in strengths.items()
        ],
        row(0, "alert", metric="mae", feature=None, explanation="mae went from 8.1 to 14.7"),
        webhooks=HOOK,
    )
    drift, performance = (json.loads(one["body"]) for one in messages(connection))
    assert drift["type"] == "alert.firing"
    data = drift["data"]
    assert [one["feature"] for one in data["alerts"]] == [
        "dewp",
        "humid",
        "pressure",
        "wind",
        "temp",
    ]
    assert data["summary"] == (
        "flights: 5 inputs drifted in the week from 2013-03-04: dewp: median went from 1 to 2; "
        "humid: median went from 1 to 2; pressure: median went from 1 to 2; also wind, temp"
    )
    assert (data["model"], data["version"], data["rule"], data["severity"]) == (
        "flights",
        "1",
        "data_drift",
        "warning",
    )
    assert data["window_start"] == "2013-03-04T00:00:00.000Z"
    assert data["alerts_left_out"] == 0
    assert performance["data"]["summary"] == (
        "flights: performance degraded in the week from 2013-03-04: mae went from 8.1 to 14.7"
    )
    process(*[row(1, "ok", feature=name) for name in strengths], webhooks=HOOK)
    data = json.loads(messages(connection)[-1]["body"])["data"]
    assert data["summary"] == (
        "flights: back to normal in the week from 2013-03-11: temp, dewp, wind, pressure, humid"
    )
    assert data["alerts"][0]["resolved_at"] == "2013-03-18T00:00:00.000Z"


def test_the_key_is_stored_and_never_the_url(connection, process, row):
    process(row(0, "alert"), webhooks=HOOK)
    assert "secret-token" not in "".join(connection.iterdump())
    assert messages(connection)[0]["id"].startswith("msg_")


@pytest.mark.parametrize(
    ("overrides", "count"),
    [
        ({}, 1),
        ({"models": ("flights",)}, 1),
        ({"models": ("other",)}, 0),
        ({"events": ("alert.resolved",)}, 0),
    ],
)
def test_webhooks_choose_events_and_models(connection, process, row, overrides, count):
    process(
        row(0, "alert"), webhooks=[("one", WebhookSettings(url="http://a.example", **overrides))]
    )
    assert len(messages(connection)) == count


def test_silenced_alerts_send_no_message(connection, process, row):
    with writing(connection):
        silence(connection, iso(time.time() + 3600), feature="temp")
    process(row(0, "alert"), row(0, "alert", feature="dewp"), webhooks=HOOK)
    process(row(1, "ok"), row(1, "ok", feature="dewp"), webhooks=HOOK)
    bodies = [json.loads(one["body"]) for one in messages(connection)]
    assert [one["type"] for one in bodies] == ["alert.firing", "alert.resolved"]
    assert all([a["feature"] for a in one["data"]["alerts"]] == ["dewp"] for one in bodies)


def test_the_end_of_a_reported_alert_is_reported_during_a_silence(connection, process, row):
    """People who were notified of the alert need to know."""
    process(row(0, "alert"), webhooks=HOOK)
    with writing(connection):
        silence(connection, iso(time.time() + 3600), rule="data_drift")
    process(row(1, "ok"), webhooks=HOOK)
    assert [json.loads(one["body"])["type"] for one in messages(connection)] == [
        "alert.firing",
        "alert.resolved",
    ]


@pytest.mark.parametrize(("count", "name"), [(500, "f{}"), (60, "ü" * 3000 + "{}")])
def test_a_body_stays_below_20_kb(connection, process, row, count, name):
    rows = [row(0, "alert", feature=name.format(i), explanation="ä" * 900) for i in range(count)]
    process(*rows, webhooks=HOOK)
    (message,) = messages(connection)
    assert len(message["body"].encode()) < 20_000
    data = json.loads(message["body"])["data"]
    assert data["alerts_left_out"] == count - len(data["alerts"]) > 0
    assert len(json.loads(message["alert_ids"])) == count


def test_json_has_no_nan(connection, process, row):
    process(row(0, "alert", value=float("inf")), webhooks=HOOK)
    text = messages(connection)[0]["body"]
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_a_claim_is_exclusive_until_its_lease_ends(connection):
    queue(connection, "a")
    assert any_due(connection, SOON)
    (first,) = take(connection)
    assert take(connection) == []
    assert not any_due(connection, SOON)
    (again,) = take(connection, now=SOON + 61)
    assert (again.id, again.attempts) == (first.id, 2)
    # A sender that lost its claim can close nothing, but its delivery is kept.
    settle(connection, first, DeliveryOutcome(status=500), SOON + 62)
    assert take(connection, now=SOON + 63) == []
    assert settle(connection, first, DeliveryOutcome(status=204), SOON + 64) == "delivered"
    assert messages(connection)[0]["state"] == "delivered"


def test_later_messages_about_an_alert_wait_for_earlier_ones(connection):
    first, _, other, both = (
        queue(connection, "a"),
        queue(connection, "a"),
        queue(connection, "b"),
        queue(connection, "a", "b"),
    )
    claimed = take(connection)
    assert [one.id for one in claimed] == [first, other]
    settle(connection, claimed[1], DeliveryOutcome(status=200), SOON)
    assert take(connection) == []
    settle(connection, claimed[0], DeliveryOutcome(status=200), SOON)
    (second,) = take(connection)
    assert second.id != both
    settle(connection, second, DeliveryOutcome(status=200), SOON)
    assert [one.id for one in take(connection)] == [both]


def test_incidents_of_one_subject_are_sent_in_order(connection, process, row):
    for number, verdict in enumerate(["alert", "ok", "alert"]):
        process(row(number, verdict), webhooks=[("hook", HOOK[0][1])])
    seen = []
    for _ in range(3):
        (one,) = take(connection)
        seen.append(one.event_type)
        settle(connection, one, DeliveryOutcome(status=200), SOON)
    assert seen == ["alert.firing", "alert.resolved", "alert.firing"]


def test_other_webhooks_do_not_wait(connection):
    queue(connection, "a")
    queue(connection, "a", webhook="other")
    assert len(take(connection)) == 1 and len(take(connection, webhook="other")) == 1


def test_the_schedule_ends_with_the_tenth_attempt(connection):
    queue(connection, "a")
    now, waits = SOON, []
    while claimed := take(connection, now=now):
        state = settle(connection, claimed[0], DeliveryOutcome(status=500, error="status 500"), now)
        if state == "dead":
            break
        waits.append(outbox.clock.parse(messages(connection)[0]["next_at"]) - now)
        now += waits[-1] + 1
    assert state == "dead"
    assert messages(connection)[0]["attempts"] == 10
    for wait, planned in zip(waits, RETRY_SECONDS, strict=True):
        assert planned * 0.9 - 0.01 <= wait <= planned * 1.1 + 0.01


@pytest.mark.parametrize(("asked", "least"), [(600.0, 600.0), (1e9, 86_400.0), (0.0, 4.4)])
def test_retry_after_is_kept_up_to_a_day(connection, asked, least):
    queue(connection, "a")
    (one,) = take(connection)
    settle(connection, one, DeliveryOutcome(status=429, retry_after=asked, busy=True), SOON)
    wait = outbox.clock.parse(messages(connection)[0]["next_at"]) - SOON
    assert least <= wait + 0.01 <= least + 1.2


def test_status_410_drops_all_pending_messages(connection):
    (
        queue(connection, "a"),
        queue(connection, "b"),
        queue(connection, "c", webhook="other"),
    )
    (one,) = take(connection, limit=1)
    assert settle(connection, one, DeliveryOutcome(status=410, error="status 410"), SOON) == "dead"
    assert [one["state"] for one in messages(connection)] == ["dead", "dead", "pending"]


def test_a_busy_receiver_gets_no_further_messages(connection):
    queue(connection, "a"), queue(connection, "b")
    (one,) = take(connection, limit=1)
    settle(connection, one, DeliveryOutcome(error="timeout", busy=True), SOON)
    assert not any_due(connection, SOON)
    assert [one["attempts"] for one in messages(connection)] == [1, 0]


def test_a_message_behind_an_earlier_one_is_not_due(connection):
    queue(connection, "a")
    (one,) = take(connection)
    settle(connection, one, DeliveryOutcome(status=500), SOON)
    queue(connection, "a")
    outbox.hold_back(connection, "hook", SOON)
    assert not any_due(connection, SOON)
    assert any_due(connection, SOON + 6)


def test_old_messages_of_unknown_webhooks_are_dead(connection):
    queue(connection, "a")
    assert outbox.unknown_webhooks(connection, ["other"], SOON) == ["hook"]
    assert messages(connection)[0]["state"] == "pending"
    outbox.unknown_webhooks(connection, ["other"], SOON + MAX_AGE_SECONDS)
    assert messages(connection)[0]["state"] == "dead"


def test_concurrent_senders_claim_each_message_once(store):
    opened = connect(store, create=False)
    for number in range(60):
        queue(opened, f"alert {number % 7}")
    taken, lock = [], threading.Lock()

    def send():
        mine = connect(store, create=False)
        while True:
            claimed = take(mine, limit=2)
            if not claimed:
                left = mine.execute("select 1 from deliveries where state = 'pending'").fetchone()
                if left is None:
                    break
            for one in claimed:
                with lock:
                    taken.append(one.id)
                settle(mine, one, DeliveryOutcome(status=200), SOON)
        mine.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    about = {one["id"]: one["alert_ids"] for one in messages(opened)}
    order = [one["id"] for one in messages(opened)]
    assert sorted(taken) == sorted(order)
    for alert in set(about.values()):
        assert [i for i in taken if about[i] == alert] == [i for i in order if about[i] == alert]
    opened.close()
