"""Stores that are filled with rows, and what of them is monitored."""

from __future__ import annotations

import json

from modeltap.analysis.coverage.coverage_report import coverage_of
from modeltap.config.settings import Settings
from modeltap.store.connection import connect
from stores import analyze, every, put

SAID = {"reference": "first 200 rows", "window": "100 rows"}


def fill(store, rows, *, responses=None, model="m", **said):
    """Store exchanges with these rows and answers, and analyse them."""
    bodies = None if responses is None else [json.dumps(one) for one in responses]
    put(store, every(1, len(rows)), rows, model=model, prefix=model, responses=bodies)
    analyze(store, {**SAID, **said})


def covered(store, model="m", environment=None, **said):
    """Return what of a model is monitored, by settings of `said`."""
    connection = connect(store)
    try:
        return coverage_of(connection, Settings(**said), model, environment)
    finally:
        connection.close()


def by_subject(coverage, check):
    """Return the findings of a check by their subject."""
    return {one.subject: one for one in coverage.unmonitored if one.check == check}


CLEAN = [{"x": n * 7919 % 100 / 10, "color": "abc"[n % 3]} for n in range(300)]
"""Rows of which everything is tested."""
