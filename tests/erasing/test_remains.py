"""Each place with a remaining value is reported in one line."""

from __future__ import annotations

from contextlib import closing

from modeltap.erasing.remains import remaining
from modeltap.privacy.erase import Subject
from modeltap.store.connection import connect, writing
from modeltap.store.settings import save_settings
from stores import analyze, every, put

ANN = "ann-7f3e"


def lines(store, *subjects):
    with closing(connect(store)) as connection:
        return remaining(connection, "m", subjects or [Subject("user", ANN)])


def test_nothing_is_reported_if_nothing_is_left(store):
    put(store, every(5, 3), [{"user": "bob"}] * 3)
    assert lines(store) == []


def test_other_fields_of_other_exchanges(store):
    """Alone, within a text and in a list; a common value is not searched for."""
    rows = [{"friend": ANN, "n": 7}, {"a": [{"said": f"ask {ANN}!"}]}, {"friend": f"{ANN}x"}]
    put(store, every(5, 3), rows)
    (line,) = lines(store)
    assert line.startswith("2 other exchanges have the value in ")
    assert "'friend'" in line and "'a.said'" in line
    assert lines(store, Subject("user", "7")) == []


def test_names_of_fields_of_other_exchanges(store):
    put(store, every(5, 2), [{"scores": {ANN: 1}}, {"scores": {"bob": 1}}])
    (line,) = lines(store)
    assert line.startswith('1 other exchange has the value in "a field\'s name";')


def test_settings_and_names_of_fields(store):
    put(store, every(5, 200), [{f"by {ANN}": n % 7} for n in range(200)])
    analyze(store, {"window": "1d", "reference": "first 200 rows"}, include_open=True)
    with closing(connect(store)) as connection, writing(connection):
        save_settings(connection, "m", {"features": {"user": {"allowed": [ANN, "bob"]}}})
    reported = lines(store)
    assert any(line.startswith("the setting 'features' contains the value") for line in reported)
    assert any("have a field named after the value" in line for line in reported)


def test_damaged_files(store):
    put(store, every(5, 1), [{"user": "bob"}])
    for end in ("", "-wal", "-shm"):
        store.with_name(f"{store.name}.damaged-20260101T000000Z{end}").touch()
    assert lines(store) == [
        "taps.db.damaged-20260101T000000Z is a damaged store that cannot be searched; delete it"
    ]
