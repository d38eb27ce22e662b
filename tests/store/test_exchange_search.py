"""Searching exchanges."""

from __future__ import annotations

import itertools
import json
from contextlib import closing

import pytest

from modeltap.store import exchange_search
from modeltap.store.alerts import put_alert
from modeltap.store.connection import connect
from modeltap.store.exchange_search import (
    ANY_ALERT,
    ExchangeFilter,
    neighbours,
    search_exchanges,
)
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put

WHEN = "2024-01-01T00:00:00.000Z"
ALERT = {
    "fingerprint": "f",
    "rule": "data_drift",
    "model": "m",
    "metric": "drift",
    "severity": "warning",
    "state": "firing",
    "window": "1h",
    "window_start": WHEN,
    "window_end": WHEN,
    "last_window_start": WHEN,
    "summary": "s",
    "started_at": WHEN,
    "updated_at": WHEN,
}


@pytest.fixture
def filled(tmp_path):
    store = tmp_path / "taps.db"
    answers = [json.dumps({"prediction": n % 4}) for n in range(200)]
    put(store, every(1, 200), [{"x": f"word{n}"} for n in range(200)], responses=answers)
    analyze(store, {})
    with closing(connect(store)) as connection:
        insert_labels(connection, [Label("r7", 0, 1)], source="test")
        connection.execute("update exchanges set status = 503, path = '/b%_' where id = 'r3'")
        connection.execute("update exchanges set error_type = 'ValueError' where id = 'r4'")
        connection.execute("update exchanges set status = 422 where id = 'r5'")
        yield connection


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"text": "word12"}, ["r129", "r128", "r127", "r126", "r125"]),
        ({"text": '"word12"'}, ["r12"]),
        ({"text": "WORD12"}, []),
        ({"text": "%"}, []),
        ({"path": "%_"}, ["r3"]),
        ({"status": "errors"}, ["r4", "r3"]),
        ({"status": "client_errors"}, ["r5"]),
        ({"status": "503"}, ["r3"]),
        ({"status": "' or 1=1"}, []),
        ({"labelled": True}, ["r7"]),
        ({"prediction": "3", "text": "word19"}, ["r199", "r195", "r191", "r19"]),
        ({"prediction": "3.0", "text": "word19"}, ["r199", "r195", "r191", "r19"]),
        ({"prediction": "nan"}, []),
        ({"until": "2024-01-01T00:02"}, ["r1", "r0"]),
        ({"model": "nobody"}, []),
        ({"model": "m", "since": "2024-01-01T03:19"}, ["r199"]),
    ],
)
def test_conditions(filled, asked, ids):
    """Newest first; what is asked for is text, never a pattern or SQL."""
    found = search_exchanges(filled, ExchangeFilter(**asked), limit=5)
    assert [row["id"] for row in found.rows] == ids


def test_pages_go_on_to_the_oldest(filled):
    """Each exchange is listed once."""
    ids, before = [], None
    while True:
        found = search_exchanges(filled, ExchangeFilter(before=before), limit=30)
        ids += [row["id"] for row in found.rows]
        before = found.older
        if before is None:
            break
    assert ids == [f"r{n}" for n in reversed(range(200))]


def test_a_search_is_bounded_in_time_and_can_go_on(filled, monkeypatch):
    """By the clock it is given: each part that is searched takes a second here."""
    monkeypatch.setattr(exchange_search, "_FIRST", 50)
    seconds = itertools.count()
    found = search_exchanges(filled, ExchangeFilter(text='"word100"'), clock=lambda: next(seconds))
    assert found.rows == [] and found.searched == 50 and found.older is not None
    found = search_exchanges(filled, ExchangeFilter(text='"word100"', before=found.older))
    assert [row["id"] for row in found.rows] == ["r100"] and found.older is None


def test_without_a_hurry_everything_is_searched(filled, monkeypatch):
    monkeypatch.setattr(exchange_search, "_FIRST", 3)
    found = search_exchanges(filled, ExchangeFilter(path="%_"), clock=lambda: 0.0)
    assert [row["id"] for row in found.rows] == ["r3"]
    assert (found.searched, found.older) == (200, None)


@pytest.mark.parametrize("alert", ["a1", ANY_ALERT])
def test_examples_of_alerts_are_found_however_old_they_are(filled, alert, monkeypatch):
    put_alert(filled, {**ALERT, "id": "a1", "examples": '["r0", "r2", "gone"]'})
    put_alert(filled, {**ALERT, "id": "a2", "fingerprint": "g", "examples": None})
    monkeypatch.setattr(exchange_search, "SEARCH_SECONDS", 0.0)
    found = search_exchanges(filled, ExchangeFilter(alert=alert))
    assert [row["id"] for row in found.rows] == ["r2", "r0"] and found.older is None
    assert search_exchanges(filled, ExchangeFilter(alert="a2")).rows == []


@pytest.mark.parametrize("few", [0, 1])
def test_a_few_labels_are_found_however_old_they_are(filled, few, monkeypatch):
    """Many are searched for in parts."""
    monkeypatch.setattr(exchange_search, "_FEW_LABELS", few)
    monkeypatch.setattr(exchange_search, "_FIRST", 50)
    monkeypatch.setattr(exchange_search, "SEARCH_SECONDS", 0.0)
    found = search_exchanges(filled, ExchangeFilter(labelled=True, status="ok"))
    assert [row["id"] for row in found.rows] == ["r7"] * few
    assert (found.older is None) == bool(few)
    found = search_exchanges(filled, ExchangeFilter(labelled=True, text="word"))
    assert found.rows == [] and found.searched == 50


@pytest.mark.parametrize("text", ['é"☃', "\n", "a\\b", "\x00"])
def test_text_is_found_as_json_escapes_it(filled, text):
    for place, is_ascii in enumerate((True, False)):
        filled.execute(
            "update exchanges set request_body = ? where id = ?",
            (json.dumps({"x": f"<{text}>"}, ensure_ascii=is_ascii), f"r{place}"),
        )
    filled.execute("update exchanges set response_body = ? where id = 'r2'", (f"<{text}>",))
    filled.execute("update exchanges set request_body = x'ff00' where id = 'r3'")
    found = search_exchanges(filled, ExchangeFilter(text=f"<{text}>"))
    assert [row["id"] for row in found.rows] == ["r2", "r1", "r0"]


def test_neighbours(filled):
    (seq,) = filled.execute("select seq from exchanges where id = 'r0'").fetchone()
    assert neighbours(filled, seq, "m") == (None, "r1")


def test_an_empty_store(tmp_path):
    with closing(connect(tmp_path / "empty.db")) as connection:
        found = search_exchanges(connection, ExchangeFilter())
        assert found.rows == [] and found.older is None and found.searched == 0
