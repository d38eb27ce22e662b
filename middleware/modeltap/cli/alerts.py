"""`alerts`: the incidents, resolved ones too."""

from __future__ import annotations

import click

from modeltap.cli.options import check_model, json_option, model_option, read_store, store_option
from modeltap.output import emit

COLUMNS = (
    "id",
    "rule",
    "model",
    "version",
    "metric",
    "feature",
    "segment",
    "severity",
    "state",
    "window",
    "window_start",
    "window_end",
    "last_window_start",
    "value",
    "threshold",
    "p_value",
    "summary",
    "examples",
    "started_at",
    "resolved_at",
    "silenced_until",
    "acknowledged_at",
    "notified_at",
)
_ID_SHOWN = 12
"""Enough of an id to name an alert by."""

_SHOWN = ("id", "started_at", "resolved_at", "state", "severity", "rule", "summary")
_HISTORY = (
    "at",
    "alert_id",
    "model",
    "rule",
    "metric",
    "feature",
    "state",
    "window_start",
    "value",
    "note",
)
_CHANGES = (
    "select h.at, h.alert_id, a.model, a.rule, a.metric, a.feature, h.state, h.window_start, "
    "h.value, h.note from alert_history h join alerts a on a.id = h.alert_id "
    "where (? is null or a.model = ?) order by h.seq"
)


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
        changes = connection.execute(_CHANGES, (model, model))
        emit((dict(row) for row in changes), _HISTORY, as_json=as_json, empty="no alerts")
        return
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from alerts where (? is null or model = ?) "
        "and ifnull(state = ?, state <> 'pending') order by started_at, rule, feature",
        (model, model, state),
    )
    found = (dict(row) for row in rows)
    if not as_json:
        found = ({**row, "id": row["id"][:_ID_SHOWN]} for row in found)
    emit(found, _SHOWN, as_json=as_json, empty="no alerts")
