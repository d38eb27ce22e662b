"""A week of traffic with a rhythm, its faults, and what was learnt of it."""

from __future__ import annotations

import math
from contextlib import closing

import numpy as np

from modeltap.analysis.model.reference import Reference
from modeltap.store.connection import connect
from modeltap.store.references import active_reference
from stores import every, read

ROWS_AN_HOUR = 30
HOURS = 8 * 24
SETTINGS = {"min_rows": 25, "multivariate": False, "window": "1h"}
SHORT = {**SETTINGS, "reference": "first 2d"}
"""What needs no week."""

SHORT_HOURS = 50
TWO_DAYS_LATER = "2024-01-03T00:00:00.000Z"
WEEK_LATER = "2024-01-08T00:00:00.000Z"


def traffic(hours=HOURS, seed=0):
    """Rows of a shop whose amounts follow the hour of the day."""
    rng = np.random.default_rng(seed)
    rows = []
    for hour in range(hours):
        level = 50 + 30 * math.cos(hour / 24 * 2 * math.pi)
        for _ in range(ROWS_AN_HOUR):
            amount = round(float(rng.gamma(9, level / 9)), 2)
            rows.append({"amount": amount, "kind": str(rng.choice(["a", "b"]))})
    return rows


def times(hours=HOURS):
    return every(60 / ROWS_AN_HOUR, hours * ROWS_AN_HOUR)


def from_hour(rows, first, last, change):
    """Change the rows of some hours."""
    for row in rows[first * ROWS_AN_HOUR : last * ROWS_AN_HOUR]:
        change(row)
    return rows


def reference_of(store, version=""):
    with closing(connect(store)) as connection:
        row = active_reference(connection, "m", version)
        return None if row is None else Reference.from_json(row.payload)


def metrics(store, where="1"):
    return read(
        store,
        "select version, window, window_start, window_end, metric, feature, rows, value, verdict, "
        f"in_reference from metrics where {where} order by 1, 2, 3, 5, 6",
    )


def fired(store):
    return {
        (row["metric"], row["feature"])
        for row in read(store, "select metric, feature from alerts where state <> 'pending'")
    }


def empty(row):
    row["amount"] = None


def as_text(row):
    row["amount"] = f"{row['amount']} EUR"


def in_words(row):
    row["amount"] = f"about {row['amount']}"


def in_cents(row):
    row["amount"] *= 1000


def stuck(row):
    row["amount"] = 12.5


def renamed(row):
    row["kind"] = {"a": "A", "b": "B"}[row["kind"]]
