"""A batch is one transaction; losses are counted, and reported when the store is usable again."""

from __future__ import annotations

import os
import sqlite3

import pytest

from modeltap.store.connection import connect
from modeltap.writer.batch_writer import BatchWriter
from modeltap.writer.protocol import NO_ROOM, UNUSABLE
from modeltap.writer.records import origin_of
from recordings import count, exchange, payload_of, settings_of


@pytest.fixture
def writer(store):
    made = BatchWriter(store, lambda: False)
    made.add_origin(origin_of(settings_of(str(store)), 7, "here"))
    yield made
    made.close()


def batch(number):
    return [payload_of(exchange()) for _ in range(number)]


def test_written_rows_are_counted_and_their_model_has_settings(writer, store, read_rows):
    result = writer.write(batch(3), {})
    assert (result.written, result.failed, dict(result.lost), result.messages) == (3, 0, {}, [])
    assert count(store) == 3
    assert {row["model"] for row in read_rows(store, "select * from settings")} == {"m"}


def test_an_invalid_exchange_does_not_affect_others(writer, store):
    result = writer.write([*batch(1), b"no record", b"nor this", *batch(1)], {})
    assert (result.written, result.failed, count(store)) == (2, 2, 2)
    assert len(result.messages) == 1 and "could not be recorded" in result.messages[0]


@pytest.mark.parametrize("number", [1, 2, 7])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", 2**63),
        ("status", [200]),
        ("model", ["m"]),
        ("model", None),
        ("duration_ms", [1]),
        ("error_type", [["a"]]),
        ("route", []),
    ],
)
def test_a_value_that_sqlite_refuses_does_not_affect_others(writer, store, name, value, number):
    """An app may put anything into a message; the store stays usable, too."""
    odd = exchange()
    setattr(odd, name, value)
    result = writer.write([*batch(number), payload_of(odd), *batch(number)], {"queue full": 2})
    assert (result.written, result.failed, dict(result.lost)) == (2 * number, 1, {})
    assert len(result.messages) == 1 and "could not be recorded" in result.messages[0]
    assert writer.write(batch(1), {}).written == 1
    assert count(store) == 2 * number + 1
    (lost,) = sqlite3.connect(store).execute("select sum(count) from dropped").fetchone()
    assert lost == 2


def test_a_slow_pattern_is_logged_once_and_its_body_not_stored(store, read_rows):
    made = BatchWriter(store, lambda: False)
    made.add_origin(origin_of(settings_of(str(store), mask_body_fields=("(a+)+$",)), 7, "here"))
    slow = b'{"' + b"a" * 50 + b'!": 1}'
    results = [made.write([payload_of(exchange(slow))], {}) for _ in range(2)]
    made.close()
    (message,) = [message for result in results for message in result.messages]
    assert "(a+)+$" in message and "unmaskable" in message
    rows = read_rows(store, "select request_body, request_note from exchanges")
    assert [tuple(row.values()) for row in map(dict, rows)] == [(None, "unmaskable")] * 2


@pytest.mark.parametrize("event_time", ["body:ts", "header:x-time", "request"])
def test_a_model_may_have_its_own_event_time_and_version(store, read_rows, event_time):
    """Options in `[models.NAME]` apply when its exchanges are stored, too."""
    general = "body:when" if event_time == "request" else "request"
    options = {"event_time": general, "models": {"m": {"event_time": event_time, "version": "7"}}}
    made = BatchWriter(store, lambda: False)
    made.add_origin(origin_of(settings_of(str(store), **options), 7, "here"))
    captured = exchange(b'{"ts": "2024-01-01"}')
    captured.request_headers = [("x-time", b"2024-02-03T04:05:06Z")]
    made.write([payload_of(captured)], {})
    made.close()
    (row,) = read_rows(store, "select version, started_at, event_time from exchanges")
    expected = {"body:ts": None, "header:x-time": "2024-02-03T04:05:06Z"}
    assert row["version"] == "7"
    assert row["event_time"] == expected.get(event_time, row["started_at"])


def test_no_secret_of_a_webhook_is_in_the_store(store, monkeypatch):
    """Neither of its URL, secret or proxy, nor in its template."""
    monkeypatch.setenv("HOOK", "https://example.com/t0ken")
    places = {
        "url": "https://a.example/t0ken",
        "secret": "t0ken",
        "proxy": "http://u:t0ken@p.example",
    }
    places["template"] = '{"token": "t0ken", "text": "$summary"}'
    hooks = [{"url": "env:HOOK", "format": "template", name: text} for name, text in places.items()]
    made = BatchWriter(store, lambda: False)
    made.add_origin(origin_of(settings_of(str(store), webhooks=hooks), 7, "here"))
    assert made.write(batch(1), {}).written == 1
    made.close()
    left = b"".join(path.read_bytes() for path in store.parent.iterdir() if path.is_file())
    assert b"env:HOOK" in left and b"t0ken" not in left


def test_losses_have_the_environment_of_the_app(store, read_rows):
    """It is unknown if the app's taps have several environments."""
    made = BatchWriter(store, lambda: False)
    for environment in ("staging", None):
        options = {} if environment is None else {"environment": environment}
        made.add_origin(origin_of(settings_of(str(store), **options), 7, "here"))
        made.write(batch(1), {"queue full": 5})
    made.close()
    rows = read_rows(store, "select environment from dropped order by seq")
    assert [row["environment"] for row in rows] == ["staging", None]


def test_losses_before_a_batch_are_recorded_with_its_model(writer, store, read_rows):
    writer.write(batch(1), {})
    writer.write([], {"queue full": 5})
    (row,) = read_rows(store, "select * from dropped")
    assert (row["model"], row["reason"], row["count"], row["pid"]) == ("m", "queue full", 5, 7)
    writer.write(batch(1), {})
    assert len(read_rows(store, "select * from dropped")) == 1


def test_a_deleted_store_is_created_again(writer, store):
    writer.write(batch(2), {})
    for path in store.parent.glob(store.name + "*"):
        path.unlink()
    assert writer.write(batch(3), {}).written == 3
    assert count(store) == 3


def test_a_damaged_store_is_moved_aside_and_the_batch_is_in_a_new_one(writer, store, read_rows):
    connect(store).close()
    with store.open("r+b") as file:
        for page in range(1, store.stat().st_size // 4096):
            file.seek(4096 * page)
            file.write(b"\xff" * 100)
    result = writer.write(batch(2), {})
    assert result.written == 2 and "it was moved to" in result.messages[0]
    assert count(store) == 2
    assert any("damaged" in path.name for path in store.parent.iterdir())
    assert [row["count"] for row in read_rows(store, "select * from dropped")] == [0]


def test_a_batch_is_lost_if_the_store_stays_locked_too_long(store, read_rows):
    """SQLite itself waits; `may_wait` is called between its attempts."""
    connect(store).close()
    asked = []
    writer = BatchWriter(store, lambda: asked.append(1) or len(asked) < 2)
    writer.add_origin(origin_of(settings_of(str(store)), 7, "here"))
    writer.write(batch(1), {})
    writer._connection.execute("pragma busy_timeout = 10")
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    result = writer.write(batch(4), {})
    assert (result.written, result.lost[UNUSABLE], len(asked)) == (0, 4, 2)
    assert "the app keeps serving" in result.messages[0]
    again = writer.write(batch(1), {})
    assert again.lost[UNUSABLE] == 1 and not again.messages
    other.execute("rollback")
    other.close()
    writer._retry_at = 0.0
    assert writer.write(batch(1), {}).written == 1
    assert [row["count"] for row in read_rows(store, "select * from dropped")] == [5]
    writer.close()


def test_nothing_is_written_to_a_nearly_full_disk(writer, store, monkeypatch):
    disk = os.statvfs(store.parent)

    class Full:
        f_bavail, f_frsize, f_blocks = 1, disk.f_frsize, disk.f_blocks

    monkeypatch.setattr(os, "statvfs", lambda _: Full)
    result = writer.write(batch(2), {})
    assert result.lost[NO_ROOM] == 2 and "nearly full" in result.messages[0]
    assert not store.exists()
