"""The useful queries: each is on the page, and runs; `system/test_demo.py` has their answers."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from modeltap.browsing.common_queries import common_queries
from modeltap.store.connection import connect

PAGE = (Path(__file__).parents[2] / "docs/queries.md").read_text()
QUERIES = common_queries()


def test_the_page_has_the_same_queries():
    """In the same order, under their questions."""
    sections = (section.partition("\n") for section in PAGE.split("\n## ")[1:])
    shown = [
        (title, re.search(r"```sql\n(.*?)\n```", text, re.S)[1])
        for title, _, text in sections
        if "```sql" in text
    ]
    assert shown == [(query.title, query.sql) for query in QUERIES]
    assert len({query.name for query in QUERIES}) == len(QUERIES) == 20


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_runs_on_an_empty_store(query, store):
    """It says nothing, instead of failing."""
    connect(store).close()
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute(query.sql).fetchall() == []
