"""`alerts`: the incidents, resolved ones too."""

from __future__ import annotations

import json
from typing import Any

import click

from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.output import emit
from modeltap.store.alert_history import CHANGE_COLUMNS, list_changes
from modeltap.store.alerts import list_alerts

_ID_SHOWN = 12
"""Enough of an id to name an alert by."""

_SHOWN = ("id", "started_at", "resolved_at", "state", "severity", "rule", "summary")


@click.command()
@store_option
@model_option()
@click.option(
    "--state",
    default=None,
    help="Only those in this state; pending only when asked.",
    type=click.Choice(["pending", "firing", "resolved", "no_data", "error"]),
)
@click.option("--history", is_flag=True, help="Each change of each alert.")
@json_option
def alerts(
    store: str | None, model: str | None, state: str | None, history: bool, as_json: bool
) -> None:
    """Incidents in order of time."""
    connection = read_store(store)
    check_model(connection, model)
    if history:
        changes = list_changes(connection, model)
        emit(changes, CHANGE_COLUMNS, as_json=as_json, empty="no alerts")
        return
    rows = [_with_list(row) for row in list_alerts(connection, model, state)]
    if not as_json:
        rows = [{**row, "id": row["id"][:_ID_SHOWN]} for row in rows]
    emit(rows, _SHOWN, as_json=as_json, empty="no alerts")


def _with_list(row: dict[str, Any]) -> dict[str, Any]:
    """Return an alert whose related features are a list, as JSON has it."""
    return {**row, "related": json.loads(row["related"]) if row["related"] else None}
