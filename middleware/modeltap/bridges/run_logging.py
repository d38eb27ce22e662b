"""The public function that logs to MLflow. It imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modeltap.tap.recording.recorders import recorders

if TYPE_CHECKING:
    from modeltap.bridges.mlflow_run import RunReport


def log_to_mlflow(
    *,
    model: str,
    version: str | None = None,
    environment: str | None = None,
    run_id: str | None = None,
    experiment: str | None = None,
    tracking_uri: str | None = None,
    store: str | Path | None = None,
) -> list[RunReport]:
    """Log the metrics of a model's windows to MLflow, each at the end of its window.

    A repeated call goes on where the last one ended. Alerts become tags and a report in the
    artifacts of the run. The result has a row for each version: the run and the number of values.

    Args:
        model: the model's name.
        version: only this version; by default each has a run of its own.
        environment: only this environment, "" for rows without one.
        run_id: an existing run, such as the one that trained the model.
        experiment: the experiment of runs of its own; by default "modeltap".
        tracking_uri: MLflow's server or store; by default as MLflow is configured.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if an argument cannot be used, or MLflow is missing or fails.

    >>> import modeltap
    >>> modeltap.log_to_mlflow(model="flights", run_id="4f2a", experiment="live", store="x.db")
    Traceback (most recent call last):
    modeltap.errors.InputError: give a run id or an experiment, not both
    """
    from modeltap.bridges.mlflow_run import log_runs

    return log_runs(
        Path(recorders.store_path(store)),
        model,
        version=version,
        environment=environment,
        run_id=run_id,
        experiment=experiment,
        tracking_uri=tracking_uri,
    )
