"""Metadata for Datasette: what tables and columns mean, facets, and useful queries."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from modeltap.browsing.common_queries import common_queries
from modeltap.store.views import own_views

_FACETS = {
    "v_alerts": ["state", "rule", "severity", "model", "feature"],
    "v_drift": ["verdict", "feature", "model"],
    "v_quality": ["verdict", "metric", "feature"],
    "v_performance": ["metric", "verdict", "model"],
    "v_fairness": ["metric", "segment"],
    "v_newest_rows": ["model", "version", "status"],
    "alerts": ["state", "rule", "severity"],
    "deliveries": ["state", "webhook", "event_type"],
    "labels": ["source", "model"],
    "dropped": ["reason", "host"],
    "metrics": ["metric", "verdict"],
}
"""Columns that a page offers as filters with counts."""

_NEWEST_FIRST = {
    "exchanges": "seq",
    "labels": "seq",
    "alert_history": "seq",
    "v_exchanges": "seq",
    "v_newest_rows": "seq",
    "v_alerts": "started_at",
    "v_traffic": "window_start",
    "alerts": "started_at",
    "deliveries": "created_at",
}
"""The column by which a page is sorted; others would have to sort the whole table."""

_SHOWN = {
    "exchanges",
    "predictions",
    "labels",
    "metrics",
    "alerts",
    "alert_history",
    "silences",
    "deliveries",
    "references",
    "versions",
    "dropped",
    "reviews",
    "retrainings",
    "token_counts",
}
"""Tables in the list of a store; those for bookkeeping are below it."""

_MODEL_VIEW = "v_rows_"


def metadata_of(connection: sqlite3.Connection, store: Path) -> dict[str, Any]:
    """Return Datasette's metadata of a store, for a database with the name of the file."""
    texts = _texts()
    texts |= {
        name: {
            "description": "The rows of one model, with its features as columns.",
            "columns": texts["v_rows"]["columns"],
        }
        for name in own_views(connection)
        if name.startswith(_MODEL_VIEW)
    }
    return {
        "title": "modeltap",
        "description": "Recorded exchanges of model APIs, with metrics and alerts. Times are UTC.",
        "databases": {
            store.stem: {
                "tables": {name: _table(name, text) for name, text in texts.items()},
                "queries": {
                    query.name: {"title": query.title, "sql": query.sql}
                    for query in common_queries()
                },
            }
        },
    }


def _texts() -> dict[str, dict[str, Any]]:
    texts: dict[str, dict[str, Any]] = json.loads(
        Path(__file__).with_name("table_texts.json").read_bytes()
    )
    return texts


def _table(name: str, text: dict[str, Any]) -> dict[str, Any]:
    table = dict(text)
    if name in _FACETS:
        table["facets"] = _FACETS[name]
    if name in _NEWEST_FIRST:
        table["sort_desc"] = _NEWEST_FIRST[name]
    if not name.startswith("v_") and name not in _SHOWN:
        table["hidden"] = True
    return table
