"""Useful queries of a store, from `queries.toml`; docs/queries.md explains the same ones."""

from __future__ import annotations

from pathlib import Path

import msgspec


class CommonQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A query: a name for addresses, the question that it answers, and its SQL."""

    name: str
    title: str
    sql: str


class _QueryFile(msgspec.Struct, forbid_unknown_fields=True):
    queries: list[CommonQuery]


def common_queries() -> list[CommonQuery]:
    """Return the queries in order.

    >>> common_queries()[0].title
    'Is everything healthy?'
    """
    text = Path(__file__).with_name("queries.toml").read_bytes()
    parsed = msgspec.toml.decode(text, type=_QueryFile)
    return [msgspec.structs.replace(query, sql=query.sql.strip()) for query in parsed.queries]
