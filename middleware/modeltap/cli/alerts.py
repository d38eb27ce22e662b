"""`alerts`: the incidents, resolved ones too."""

from __future__ import annotations

import click

from modeltap.cli.options import check_model, json_option, model_option, read_store, store_option
from modeltap.cli.output import emit

COLUMNS = (
    "id", "rule", "model", "version", "metric", "feature", "segment", "severity", "state",
    "window", "window_start", "window_end", "last_window_start", "value", "threshold", "p_value",
    "summary", "examples",
    "started_at", "resolved_at",
)  # fmt: skip
_SHOWN = ("started_at", "resolved_at", "state", "severity", "rule", "summary")


@click.command()
@store_option
@model_option()
@click.option("--state", type=click.Choice(["firing", "resolved"]), default=None,
              help="Only those in this state.")  # fmt: skip
@json_option
def alerts(store: str | None, model: str | None, state: str | None, as_json: bool) -> None:
    """Incidents in order of time."""
    connection = read_store(store)
    check_model(connection, model)
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from alerts where (? is null or model = ?) "
        "and (? is null or state = ?) order by started_at, rule, feature",
        (model, model, state, state),
    )
    emit((dict(row) for row in rows), _SHOWN, as_json=as_json, empty="no alerts")
