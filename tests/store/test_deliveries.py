"""Messages in the store: claimed one at a time, delayed and dropped by webhook."""

from __future__ import annotations

import pytest

from modeltap.store import deliveries
from modeltap.store.connection import connect, writing

NOW, LATER = "2990-01-01T00:00:00.000Z", "2990-01-01T00:01:00.000Z"


@pytest.fixture
def connection(store):
    return connect(store)


def put(connection, *alerts, webhook="hook"):
    with writing(connection):
        return deliveries.insert_message(connection, webhook, "test", "{}", alerts)


def claim(connection, webhook="hook"):
    with writing(connection):
        return deliveries.claim_message(connection, webhook, now=NOW, until=LATER)


def test_the_first_message_is_claimed_first_and_once(connection):
    first, second = put(connection, "a"), put(connection, "b")
    assert [claim(connection).id, claim(connection).id] == [first, second]
    assert claim(connection) is None and not deliveries.any_due(connection, NOW)


def test_a_message_waits_for_the_earlier_one_about_its_alert(connection):
    first, _ = put(connection, "a"), put(connection, "a")
    claimed = claim(connection)
    assert claimed.id == first and claim(connection) is None
    with writing(connection):
        deliveries.close_message(
            connection, claimed, "delivered", status=204, error=None, delivered_at=NOW
        )
    assert claim(connection) is not None


def test_only_the_holder_of_the_claim_marks_a_message_as_dead(connection):
    put(connection, "a")
    claimed = claim(connection)
    with writing(connection):
        deliveries.close_message(
            connection,
            claimed._replace(attempts=7),
            "dead",
            status=500,
            error="status 500",
            delivered_at=None,
        )
    assert deliveries.waiting(connection).messages == 1


def test_a_delay_applies_to_one_webhook(connection):
    put(connection, "a"), put(connection, "b", webhook="other")
    with writing(connection):
        deliveries.delay_webhook(connection, "hook", LATER, now=NOW, error="busy")
    assert claim(connection) is None and claim(connection, "other") is not None
    rows = {row["webhook"]: row for row in deliveries.count_by_webhook(connection)}
    assert rows["hook"]["last_error"] == "busy" and rows["hook"]["pending"] == 1


def test_old_messages_to_unknown_webhooks_are_dropped(connection):
    put(connection, "a")
    assert deliveries.unknown_webhooks(connection, ["other"], NOW) == ["hook"]
    with writing(connection):
        deliveries.drop_unknown(connection, ["hook"], NOW)
    assert deliveries.webhooks_with_messages(connection) == ["hook"]
    with writing(connection):
        deliveries.drop_unknown(connection, ["other"], NOW)
    assert deliveries.webhooks_with_messages(connection) == []
