"""Metadata for Datasette: each table, view and column is described, and nothing else is."""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing
from pathlib import Path

from modeltap.browsing.common_queries import common_queries
from modeltap.browsing.datasette_metadata import metadata_of
from modeltap.store.connection import connect, connect_reader
from row_view_fixtures import make_views
from stores import every, put

ROOT = Path(__file__).parents[2]


def described(store):
    with closing(connect_reader(store)) as connection:
        return metadata_of(connection, store)["databases"][store.stem]


def columns_of(store):
    """Return the columns of each table and view, by name."""
    with closing(sqlite3.connect(store)) as connection:
        names = connection.execute(
            "select name from sqlite_master where type in ('table', 'view') "
            "and name not like '%sqlite_%'"
        ).fetchall()
        return {
            name: {row[1] for row in connection.execute(f'pragma table_xinfo("{name}")')}
            for (name,) in names
        }


def test_the_package_has_the_texts_of_the_page():
    """Otherwise run `python scripts/table_texts.py`."""
    file = ROOT / "scripts/table_texts.py"
    spec = importlib.util.spec_from_file_location("table_texts", file)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.TARGET.read_text() == script.text_of(script.table_texts())


def test_each_table_and_column_is_described(store):
    """And facets and sorted columns exist."""
    connect(store).close()
    tables = described(store)["tables"]
    columns = columns_of(store)
    assert set(columns) == set(tables)
    for name, table in tables.items():
        assert set(table["columns"]) == columns[name], name
        assert all(text and "](" not in text for text in table["columns"].values())
        assert {*table.get("facets", ()), *filter(None, [table.get("sort_desc")])} <= columns[name]


def test_the_views_of_models_are_described(store):
    """Apart from their features."""
    put(store, every(60, 2), [{"x": 1}, {"x": 2}], model="a model")
    make_views(store)
    table = described(store)["tables"]["v_rows_a_model"]
    assert table["description"] and "label" in table["columns"]


def test_the_queries_are_offered(store):
    """Under their questions."""
    connect(store).close()
    queries = described(store)["queries"]
    assert [entry["title"] for entry in queries.values()] == [q.title for q in common_queries()]
