"""Erasing a value from texts: from explanations of metrics, in alerts and in messages."""

from __future__ import annotations

import sqlite3


def replace_in_explanations(connection: sqlite3.Connection, model: str, text: str, by: str) -> None:
    """Replace `text` in the explanations of a model's metrics, inside the transaction."""
    connection.execute(
        "update metrics set explanation = replace(explanation, ?, ?) "
        "where instr(explanation, ?) and model = ?",
        (text, by, text, model),
    )


def replace_in_summaries(connection: sqlite3.Connection, model: str, text: str, by: str) -> None:
    """Replace `text` in the summaries of a model's alerts, inside the transaction."""
    connection.execute(
        "update alerts set summary = replace(summary, ?, ?) where instr(summary, ?) and model = ?",
        (text, by, text, model),
    )


def replace_in_messages(connection: sqlite3.Connection, model: str, text: str, by: str) -> None:
    """Replace `text` in the messages about a model and in all digests, inside the transaction."""
    connection.execute(
        "update deliveries set body = replace(body, ?, ?) where instr(body, ?) "
        "and (alert_ids = '[]' or exists (select 1 from alerts, json_each(alert_ids) "
        "where alerts.id = json_each.value and alerts.model = ?))",
        (text, by, text, model),
    )
