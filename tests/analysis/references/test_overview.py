"""Overviews of references while learning and once frozen."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.references.overview import overviews
from modeltap.config.settings import Settings
from modeltap.store.connection import connect
from stores import analyze, every, put


def overviews_of(store, **options):
    settings = Settings(**options)
    with closing(connect(store)) as connection:
        return list(overviews(connection, settings))


@pytest.mark.parametrize(
    ("reference", "until", "words"),
    [
        ("first 7d", "2024-01-08T00:00:00.000Z", "learning until Monday, 2024-01-08 00:00 UTC"),
        (
            "first 7d, 2000 rows",
            "2024-01-08T00:00:00.000Z",
            "learning until Monday, 2024-01-08 00:00 UTC and 2,000 rows",
        ),
        ("first 2000 rows", None, "learning until 2,000 rows"),
        ("first 1h, 2000 rows", None, "learning until 2,000 rows"),  # the hour is over
    ],
)
def test_overviews_while_learning(store, reference, until, words):
    put(store, every(1, 300), [{"x": n} for n in range(300)])
    analyze(store, {"reference": reference})
    (row,) = overviews_of(store, reference=reference)
    assert (row.state, row.learning_until, row.rows) == ("provisional", until, 300)
    assert row.hours_covered == 5 and row.outlook.startswith(words)
    assert row.reference is not None and row.reference.state == "provisional"


def test_an_overview_of_a_frozen_reference(store):
    put(store, every(1, 300), [{"x": n} for n in range(300)])
    options = {"reference": "first 200 rows"}
    analyze(store, options)
    (row,) = overviews_of(store, **options)
    assert (row.state, row.learning_until, row.outlook) == ("active", None, "")
    assert (row.rows, row.hours_covered, row.drift_window) == (200, 4, "1d")


def test_overviews_without_rows_and_with_too_few(store):
    assert overviews_of(store) == []
    put(store, every(1, 20), [{"x": n} for n in range(20)])
    analyze(store, {})
    (row,) = overviews_of(store)
    assert row.reference is None and row.rows == 20


@pytest.mark.parametrize(
    ("reference", "minutes", "end"),
    [
        ("first 2000 rows", 60, "(about 2024-03-24 at this rate)"),
        ("first 7d, 2000 rows", 60, "(about 2024-03-24 at this rate)"),
        ("first 7d, 400 rows", 10, None),  # within the period
        ("first 2000 rows", 1, None),  # less than a day of rows
        ("first 28d", 60, None),
    ],
)
def test_learning_from_few_rows_says_when_it_ends(store, reference, minutes, end):
    put(store, every(minutes, 300), [{"x": n} for n in range(300)])
    analyze(store, {"reference": reference})
    (row,) = overviews_of(store, reference=reference)
    assert row.outlook.endswith(end or row.outlook) and ("at this rate" in row.outlook) is bool(end)
    assert row.is_slow is bool(end)
