"""Stored rows with their groups."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modeltap.analysis.fairness import group_reader
from modeltap.analysis.fairness.group_reader import read_groups
from modeltap.analysis.fairness.group_values import NO_ROW, NO_VALUE
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.store.predictions import LAST, labelled_predictions
from stores import analyze, every, put

COUNT = 300


@pytest.fixture
def rows(store):
    """Rows whose group is their number modulo three, in order of time."""
    bodies = [{"sex": "FMX"[n % 3] if n % 10 else None, "x": n} for n in range(COUNT)]
    responses = [json.dumps({"prediction": n % 2}) for n in range(COUNT)]
    put(store, every(1, COUNT), bodies, responses=responses)
    analyze(store, {})
    with closing(connect(store)) as connection:
        yield connection, labelled_predictions(connection, "m", "", ("", 0, 0), LAST)


def settings_of(*groups):
    return sources.load({"groups": list(groups)}, environ={})


@pytest.mark.parametrize("chunk", [7, 4096])
def test_each_row_has_its_own_group(rows, monkeypatch, chunk):
    """In any chunk: rows are decoded in another order than they are stored."""
    monkeypatch.setattr(group_reader, "_CHUNK", chunk)
    connection, stored = rows
    read = read_groups(connection, settings_of("sex"), stored)
    assert len(read.rows) == COUNT
    for row, name in zip(read.rows, read.names["sex"], strict=True):
        number = int(row.exchange_id[1:])
        assert name == ("FMX"[number % 3] if number % 10 else NO_VALUE)


def test_a_source_with_a_problem_does_not_affect_the_others(rows):
    connection, stored = rows
    missing = {"name": "race", "file": "missing.csv", "key": "id"}
    settings = settings_of("sex", missing)
    read = read_groups(connection, settings, stored)
    sex, race = read.groupings(settings.groups, None)
    assert "missing.csv" in race.problem and race.segments == ()
    assert sex.problem is None and len(sex.segments) == 3


def test_many_rows_are_sampled_and_deleted_exchanges_have_no_group(rows, monkeypatch):
    connection, stored = rows
    gone = [*stored, stored[0]._replace(exchange_id="deleted")]
    assert read_groups(connection, settings_of("sex"), gone).names["sex"][-1] == NO_ROW
    monkeypatch.setattr(group_reader, "MOST_ROWS", 50)
    read = read_groups(connection, settings_of("sex"), stored)
    assert len(read.rows) == len(read.names["sex"]) == 50
