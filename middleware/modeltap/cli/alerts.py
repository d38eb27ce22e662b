"""The `alerts` command."""

from __future__ import annotations

import json
from typing import Any

import click

from modeltap.cli.common import check_model, json_option, model_option, read_store, store_option
from modeltap.output import emit
from modeltap.store.alert_history import CHANGE_COLUMNS, list_changes
from modeltap.store.alerts import list_alerts

_ID_SHOWN = 12
"""Characters of an id in the table: enough to identify an alert in other commands."""

_SHOWN = ("id", "started_at", "resolved_at", "state", "severity", "rule", "summary")


@click.command()
@store_option
@model_option()
@click.option(
    "--state",
    default=None,
    help="Only alerts in this state; pending ones are listed only with --state pending.",
    type=click.Choice(["pending", "firing", "resolved", "no_data", "error"]),
)
@click.option("--history", is_flag=True, help="List each state change of each alert.")
@json_option
def alerts(
    store: str | None, model: str | None, state: str | None, history: bool, as_json: bool
) -> None:
    """List alerts, oldest first, including resolved ones.

    \b
    Example:
      modeltap alerts --model flights --state firing
    """
    connection = read_store(store)
    check_model(connection, model)
    if history:
        changes = list_changes(connection, model)
        emit(changes, CHANGE_COLUMNS, as_json=as_json, empty="no alerts")
        return
    rows = [_with_related(row) for row in list_alerts(connection, model, state)]
    if not as_json:
        rows = [{**row, "id": row["id"][:_ID_SHOWN]} for row in rows]
    emit(rows, _SHOWN, as_json=as_json, empty="no alerts")


def _with_related(row: dict[str, Any]) -> dict[str, Any]:
    """Return an alert with its related features parsed from JSON."""
    return {**row, "related": json.loads(row["related"]) if row["related"] else None}
