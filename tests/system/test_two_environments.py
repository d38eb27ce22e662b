"""Two environments in one store are analysed apart: references, windows, incidents, messages."""

from __future__ import annotations

import json
import random
from contextlib import closing

import pytest

from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from modeltap.testing import WebhookReceiver
from stores import analyze, every, put, read

SAID = {"window": "1h", "reference": "first 600 rows", "min_rows": 50, "multivariate": False}
ROWS = 1200
ENVIRONMENTS = ("production", "staging", None)


def rows(seed, shift):
    """The last quarter is shifted."""
    draw = random.Random(seed)
    return [{"x": draw.gauss(0, 1) + shift * (n >= ROWS * 3 // 4)} for n in range(ROWS)]


@pytest.fixture
def store(tmp_path):
    """Of three environments, only in staging the input moves, and each has a level of its own."""
    store = tmp_path / "store.db"
    for number, name in enumerate(ENVIRONMENTS):
        shift = 8.0 if name == "staging" else 0.0
        own = [{"x": 100 * number + row["x"]} for row in rows(number, shift)]
        put(store, every(1, ROWS), own, prefix=f"{number}-")
        with closing(connect(store)) as connection, writing(connection):
            connection.execute(
                "update exchanges set environment = ? where id like ?", (name, f"{number}-%")
            )
    return store


def test_a_drift_in_staging_is_none_of_production(store):
    analyze(store, SAID)
    frozen = read(store, 'select version, rows from "references" where active order by version')
    assert [(one["version"], one["rows"]) for one in frozen] == [
        ("", 600),
        ("@production", 600),
        ("@staging", 600),
    ]
    for table in ("metrics", "windows"):
        found = {row["environment"] for row in read(store, f"select environment from {table}")}
        assert found == set(ENVIRONMENTS), table
    alerts = read(store, "select environment, feature, summary from alerts")
    assert {alert["environment"] for alert in alerts} == {"staging"}
    assert alerts[0]["summary"].startswith("m in staging: ")


def test_each_message_names_its_environment(store, monkeypatch):
    with WebhookReceiver() as receiver:
        hook = {"url": receiver.url, "allow_private": True}
        said = {**SAID, "webhooks": [hook, {**hook, "format": "pagerduty", "secret": "key"}]}
        analyze(store, said)
        with closing(connect(store)) as connection:
            Analyzer(store, connection, said).deliver()
        events = [one.event for one in receiver.received]
    plain = [event for event in events if "data" in event]
    paged = [event for event in events if "dedup_key" in event]
    assert plain and paged
    assert {event["data"]["environment"] for event in plain} == {"staging"}
    assert all(event["data"]["summary"].startswith("m in staging: ") for event in plain)
    assert all(event["dedup_key"].endswith("/m//staging") for event in paged)
    assert all("staging" in json.dumps(event["payload"]) for event in paged)


def test_labels_are_counted_by_environment(store):
    with closing(connect(store)) as connection, writing(connection):
        labels = [Label(f"{number}-{n}", 0, 1.0) for number in (0, 1) for n in range(5 + number)]
        insert_labels(connection, labels, source="test")
    analyze(store, SAID)
    days = read(store, "select environment, labels from label_days order by environment")
    assert [(one["environment"], one["labels"]) for one in days] == [
        ("production", 5),
        ("staging", 6),
    ]
