"""The digest with a sentence per model, and the retraining event."""

from __future__ import annotations

import sqlite3

import pytest

from modeltap import clock
from modeltap.jobs.pipeline import Analyzer
from modeltap.notify.digest import digest, retrain
from modeltap.store.connection import connect
from modeltap.store.settings import SettingsReader
from stores import analyze, every, put

NOW = 1_700_000_000.0 // 3600 * 3600
DAY = 86_400.0
UNKNOWN = '{"model_version": "v3", "grid": [[[3.5, "EUR"], [2]]]}'


def traffic(connection: sqlite3.Connection, at: float, requests: int, errors: int = 0) -> None:
    connection.execute(
        "insert into traffic (model, window, window_start, window_end, requests, errors, "
        "client_errors, aborted, not_decoded, latency) values "
        "('flights', '1h', ?, ?, ?, ?, 0, 0, 0, x'')",
        (clock.iso(at), clock.iso(at + 3600), requests, errors),
    )


def period(connection, days=1):
    return digest(
        connection, SettingsReader(connection), clock.iso(NOW - days * DAY), clock.iso(NOW)
    )["data"]


def test_the_digest_of_a_quiet_day(connection):
    traffic(connection, NOW - 3600, 1200)
    traffic(connection, NOW - 2 * DAY, 500)
    data = period(connection)
    assert data["summary"].endswith("1 model, no alerts firing, 0 new")
    assert [one["summary"] for one in data["models"]] == [
        "flights: 1,200 requests, no alerts firing"
    ]
    assert period(connection, days=3)["models"][0]["requests"] == 1700


def test_the_digest_of_a_day_with_alerts(connection, process, row, week):
    traffic(connection, NOW - 3600, 1200, errors=30)
    process(row(0, "ok", metric="mae", feature=None, value=11.62))
    process(row(0, "alert", explanation="c: fraction of 'red' went from 0 % to 9 %", feature="c"))
    now = clock.parse(clock.now())
    data = digest(connection, SettingsReader(connection), clock.iso(now - DAY), clock.iso(now))[
        "data"
    ]
    assert (data["models"][0]["alerts_firing"], data["models"][0]["alerts_began"]) == (1, 1)
    assert data["models"][0]["summary"] == (
        "flights: 0 requests, mae 11.62, 1 alert firing: c: fraction of [value] went from 0 % to "
        "9 %"
    )
    old = digest(connection, SettingsReader(connection), clock.iso(now + 5), clock.iso(now + DAY))[
        "data"
    ]
    assert old["models"][0]["alerts_began"] == 0


def test_the_digest_lists_unmonitored_parts(store):
    rows = [{"x": n * 7919 % 100, "user": f"u{n:04}"} for n in range(300)]
    put(store, every(1, 300), rows, model="flights", responses=[UNKNOWN] * 300)
    analyze(store, {"reference": "first 200 rows", "window": "100 rows"})
    connection = connect(store)
    (model,) = period(connection)["models"]
    connection.close()
    assert (model["columns"], model["columns_tested"]) == (2, 1)
    assert "not monitored: 300 of 300 exchanges have no prediction" in model["summary"]
    assert "1 of 2 columns not tested" in model["summary"]
    assert any(
        one.startswith("user is not tested: treated as an id") for one in model["not_monitored"]
    )


def test_the_retraining_event_counts_labels(connection, process, row):
    for day, count in ((1, 40), (9, 5)):
        connection.execute(
            "insert into label_days values ('flights', '', ?, ?, ?)",
            (clock.iso(NOW - day * DAY)[:10], count, clock.iso(NOW - day * DAY)),
        )
    process(row(0, "alert", metric="mae", feature=None, value=11.62))
    event = retrain(connection, "flights", clock.iso(NOW - 2 * DAY))
    assert event["type"] == "retrain"
    assert (event["data"]["labels"], event["data"]["performance"]) == (40, {"mae": 11.62})
    assert event["data"]["summary"].startswith("flights: retraining due: 40 labels since ")
    first = retrain(connection, "flights", clock.iso(0.0))["data"]["summary"]
    assert first.startswith("flights: retraining due: 45 labels so far, ")


@pytest.fixture
def analyzer(store, process, row):
    process(row(0, "alert"))
    hook = {"url": "http://127.0.0.1:9/x", "allow_private": True}
    webhooks = [hook | {"events": ["digest", "retrain"]}, hook | {"url": "http://127.0.0.1:9/y"}]
    return Analyzer(store, connect(store), {"store": str(store), "webhooks": webhooks})


def pending(connection):
    rows = connection.execute("select event_type from deliveries order by rowid")
    return [row[0] for row in rows]


def test_only_subscribed_webhooks_get_scheduled_events(analyzer, connection):
    analyzer.digest(NOW)
    analyzer.retrain(NOW, analyzer.models())
    assert pending(connection) == ["digest", "retrain"]


def test_a_digest_starts_at_the_end_of_the_last_one(analyzer):
    first = analyzer.digest(NOW)["data"]
    assert first["period_start"] == clock.iso(NOW - 7 * DAY)
    late = analyzer.digest(NOW + 3 * DAY)["data"]
    assert (late["period_start"], late["period_end"]) == (clock.iso(NOW), clock.iso(NOW + 3 * DAY))
