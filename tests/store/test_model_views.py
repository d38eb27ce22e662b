"""The SQL of places in bodies; `export/test_row_views.py` holds the views."""

from __future__ import annotations

import json
import sqlite3

import pytest

from modeltap.store.model_views import ROW, has_sql, place_sql

KEYS = [
    "plain",
    "two words",
    "a.b",
    "it's",
    'say "hi"',
    "back\\slash",
    "größe",
    "🙂",
    "x[0]",
    "$",
    "line\nend",
    "tab\t",
    "",
    "n" * 500,
    "a' || (select 1) || '",
]


@pytest.mark.parametrize("key", KEYS, ids=ascii)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_sql_reads_any_key(key, ascii_only):
    """For clients that escape letters, and for those that do not."""
    body = {"rows": [{key: 1}, {key: True, "other": 2}]}
    text = json.dumps(body, ensure_ascii=ascii_only)
    place = ("rows", ROW, key)
    assert has_sql(place)
    sql = f"select {place_sql(place)} from (select ? as request, 1 as row) r"
    assert sqlite3.connect(":memory:").execute(sql, (text,)).fetchone()[0] == 1


@pytest.mark.parametrize("place", [(), ("größe", "a"), ('"', 0), ("nul\0",)])
def test_a_place_without_sql_is_known(place):
    """SQL's paths cannot name such keys on the way."""
    assert not has_sql(place)
