"""The `mlflow` command: monitoring metrics in runs of MLflow."""

from __future__ import annotations

import click

from modeltap.cli.common import json_option, required_model, store_option, store_path
from modeltap.environments import with_environment
from modeltap.output import echo, emit_json
from modeltap.wording import plural


@click.command()
@store_option
@required_model("The model.")
@click.option("--version", default=None, help="Only this version.")
@click.option("--environment", default=None, help="Only this environment.")
@click.option("--run-id", default=None, help="An existing run, such as that of the training.")
@click.option(
    "--experiment", default=None, help="The experiment of runs of its own [default: modeltap]."
)
@click.option("--tracking-uri", default=None, help="MLflow's server or store.")
@json_option
def mlflow(
    store: str | None,
    model: str,
    version: str | None,
    environment: str | None,
    run_id: str | None,
    experiment: str | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Log the metrics of a model's windows to a run of MLflow.

    Each window has its end as time. Alerts become tags and a report. A repeated call goes on
    where the last one ended.

    \b
    Example:
      modeltap mlflow --model flights --experiment flights-monitoring
    """
    from modeltap.bridges.mlflow_run import log_runs

    for report in log_runs(
        store_path(store),
        model,
        version=version,
        environment=environment,
        run_id=run_id,
        experiment=experiment,
        tracking_uri=tracking_uri,
    ):
        if as_json:
            emit_json(vars(report))
        else:
            name = f"{report.model} {with_environment(report.version, report.environment)}".strip()
            echo(
                f"{name}: {plural(report.values, 'new value')}, {plural(report.alerts, 'alert')} "
                f"in run {report.run_id}"
            )
