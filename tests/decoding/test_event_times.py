"""Event times in bodies: wherever the field is, and in whatever order a date is written."""

from __future__ import annotations

import json

import pytest

from modeltap import clock
from modeltap.store.connection import connect
from stores import analyze, every, put, read

WHEN = "2024-01-31T15:30:45Z"
SHAPES = {
    "in the row": ("body:ts", {"a": 1.5, "ts": WHEN}),
    "in an object": ("body:meta.ts", {"a": 1.5, "meta": {"ts": WHEN, "v": 1}}),
    "a name with a dot": ("body:meta.ts", {"a": 1.5, "meta.ts": WHEN}),
    "in each row": ("body:ts", {"instances": [{"a": 1, "ts": WHEN}, {"a": 2, "ts": WHEN}]}),
    "beside the rows": ("body:ts", {"ts": WHEN, "instances": [{"a": 1}, {"a": 2}]}),
    "beside, in an object": ("body:meta.ts", {"meta": {"ts": WHEN}, "instances": [[1], [2]]}),
    "in digits": ("body:ts", {"a": 1.5, "ts": "1706715045000"}),
}


def times(store, configured, rows, **options):
    """Return the stored event times of the rows of `rows`, one request each."""
    moments = every(1, len(rows), first=60 * 24 * 40)
    put(store, moments, rows, **options)
    connection = connect(store)
    connection.execute("update exchanges set event_time = null")
    connection.close()
    analyze(store, configured)
    return [row["event_time"] for row in read(store, "select event_time from predictions")]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 90])
def test_the_field_is_found_wherever_it_is(store, shape, count):
    """Of one exchange, and of many that are decoded at once."""
    where, body = SHAPES[shape]
    answers = len(body["instances"]) if "instances" in body else 1
    answer = {"predictions": [1.0, 2.0]} if answers == 2 else {"prediction": 1.0}
    stored = times(
        store, {"event_time": where}, [body] * count, responses=[json.dumps(answer)] * count
    )
    assert stored == [clock.iso(1_706_715_045)] * answers * count


@pytest.mark.parametrize(("day_first", "day"), [(True, "2024-02-01"), (False, "2024-01-02")])
def test_an_ambiguous_date_is_read_as_configured(store, day_first, day):
    """By `day_first`."""
    configured = {"event_time": "body:ts", "day_first": day_first}
    stored = times(store, configured, [{"a": 1.5, "ts": "01/02/2024 10:00"}])
    assert stored == [f"{day}T10:00:00.000Z"]


def test_an_ambiguous_date_is_rejected_by_default(store):
    """No guess: the row is in no window."""
    rows = [{"a": 1.5, "ts": "01/02/2024 10:00"}] * 200
    configured = {"event_time": "body:ts"}
    assert times(store, configured, rows) == [None] * 200
    rejected = read(store, "select count(*) as n from rejected_times where reason = 'unreadable'")
    assert rejected == [{"n": 200}]
