"""Monitoring metrics of a model in a run of MLflow, beside those of its training.

A run has in its tags up to which row a store was logged, written together with the values, so a
repeated call goes on where the last one ended.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.bridges.mlflow_entries import RunEntry, run_entries
from modeltap.bridges.mlflow_report import alert_rows, report_text
from modeltap.environments import environment_of, named, version_of
from modeltap.errors import InputError, needs_extra
from modeltap.printable import escaped
from modeltap.store.connection import connect_reader
from modeltap.store.models import ModelVersion, check_model, counted_models
from modeltap.store.settings import SettingsReader
from modeltap.store.unsent_facts import UnsentMetric, metrics_of_version
from modeltap.summaries.exported_metrics import (
    ExportedSeries,
    exported_families,
    exported_name,
    is_exported,
    metric_labels,
)
from modeltap.summaries.model_health import ModelHealth, health_of_models

EXPERIMENT = "modeltap"
"""The experiment of runs of modeltap's own."""

_BATCH = 900
"""MLflow takes 1,000 metrics in a call; their tags are on top."""

_ROWS = 20_000
_DIGITS = 16


@dataclass(frozen=True)
class RunReport:
    """The result of logging one version of a model.

    Attributes:
        run_id: the run in MLflow.
        values: the number of logged values.
        alerts: the number of alerts in the run's report.
        last_window_end: the end of the last logged window; None if nothing was new.
    """

    model: str
    version: str
    environment: str | None
    run_id: str
    values: int
    alerts: int
    last_window_end: str | None


def log_runs(
    store: Path,
    model: str,
    *,
    version: str | None = None,
    environment: str | None = None,
    run_id: str | None = None,
    experiment: str | None = None,
    tracking_uri: str | None = None,
) -> list[RunReport]:
    """Log what is new about a model to MLflow: one run for each version and environment.

    Args:
        version: only this version.
        environment: only this environment.
        run_id: an existing run, such as the one that trained the model.
        experiment: the experiment of own runs; they are made when they are missing.
        tracking_uri: MLflow's store or server; by default as MLflow is configured.

    Raises `InputError` if an argument cannot be used, MLflow is not installed, or fails.
    """
    if run_id is not None and experiment is not None:
        raise InputError("give a run id or an experiment, not both")
    client, failure = _client(tracking_uri)
    with closing(connect_reader(store)) as connection:
        chosen = _versions(connection, model, version, environment)
        if run_id is not None and len(chosen) > 1:
            names = ", ".join(named(version_of(of.version) or "none", of.version) for of in chosen)
            raise InputError(
                f"model {model!r} has several versions ({names}); choose one for the run with "
                "--version or --environment"
            )
        try:
            return [
                _RunLog(connection, client, store, of).log(
                    run_id or _own_run(client, of, experiment or EXPERIMENT)
                )
                for of in chosen
            ]
        except failure as error:
            line = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise InputError(f"MLflow: {escaped(line[:500])}") from error


def _client(tracking_uri: str | None) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return MLflow's client, and its errors."""
    # MLflow's own limits let a call to a dead server take minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    with needs_extra("mlflow", "modeltap mlflow"):
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    failure = (MlflowException, OSError)
    try:
        return MlflowClient(tracking_uri), failure
    except failure as error:
        raise InputError(f"MLflow: {escaped(str(error).splitlines()[0][:500])}") from error


def _versions(
    connection: sqlite3.Connection, model: str, version: str | None, environment: str | None
) -> list[ModelVersion]:
    check_model(connection, model)
    known = [of for of in counted_models(connection) if of.model == model]
    chosen = [
        of
        for of in known
        if version in (None, version_of(of.version))
        and environment in (None, environment_of(of.version) or "")
    ]
    if not chosen:
        names = ", ".join(named(version_of(of.version) or "none", of.version) for of in known)
        raise InputError(
            f"no analysed version of model {model!r} fits; analysed: {names or 'nothing yet'}"
        )
    return chosen


def _own_run(client: Any, of: ModelVersion, experiment: str) -> str:
    """Return the id of the run of a version, which is made if it is missing."""
    existing = client.get_experiment_by_name(experiment)
    id_ = client.create_experiment(experiment) if existing is None else existing.experiment_id
    series = _digest(of.model, of.version)
    runs = client.search_runs([id_], f"tags.`modeltap.series` = '{series}'", max_results=1)
    if runs:
        return str(runs[0].info.run_id)
    name = escaped(f"modeltap {named(f'{of.model} {version_of(of.version)}'.strip(), of.version)}")
    run = client.create_run(id_, tags={"modeltap.series": series}, run_name=name[:200])
    return str(run.info.run_id)


class _RunLog:
    """Logs one version of a model to a run."""

    def __init__(
        self, connection: sqlite3.Connection, client: Any, store: Path, of: ModelVersion
    ) -> None:
        self._connection = connection
        self._client = client
        self._of = of
        # Rows are numbered by store, and a run may get the values of several replicas.
        source = _digest(*of, os.uname().nodename, str(store.absolute()))
        self._until = f"modeltap.until.{source}"
        self._origin = f"modeltap.origin.{source}"

    def log(self, run_id: str) -> RunReport:
        """Log everything that is new."""
        tags = dict(self._client.get_run(run_id).data.tags)
        values, last = 0, None
        for batch in self._batches(int(tags.get(self._until, 0)), tags):
            self._log_batch(run_id, batch, tags)
            values += len(batch)
            last = max(entry.timestamp for entry in batch) / 1000
        health = self._health()
        alerts = alert_rows(self._connection, self._of)
        self._client.log_dict(run_id, {"alerts": alerts}, "modeltap/alerts.json")
        self._client.log_text(run_id, report_text(health, alerts), "modeltap/report.md")
        self._set_tags(run_id, health, alerts)
        return RunReport(
            model=self._of.model,
            version=version_of(self._of.version),
            environment=environment_of(self._of.version),
            run_id=run_id,
            values=values,
            alerts=len(alerts),
            last_window_end=None if last is None else clock.iso(last),
        )

    def _batches(self, after: int, tags: dict[str, str]) -> Iterator[list[RunEntry]]:
        """Yield new values; the first one of a store sets the origin of the steps."""
        series = ExportedSeries(exported_families(self._connection))
        while rows := metrics_of_version(self._connection, self._of, after, _ROWS):
            after = rows[-1].id
            shown = [row for row in rows if self._is_shown(row, series)]
            if not shown:
                continue
            first = clock.parse(min(row.window_end for row in shown)) or 0.0
            origin = float(tags.setdefault(self._origin, str(first)))
            entries = list(run_entries(shown, origin))
            for start in range(0, len(entries), _BATCH):
                yield entries[start : start + _BATCH]

    def _is_shown(self, row: UnsentMetric, series: ExportedSeries) -> bool:
        labels = metric_labels(self._of, row.metric, row.feature, row.segment)
        is_known = is_exported(row.metric, row.feature)
        return is_known and series.has(exported_name(row.metric), row.metric, labels)

    def _log_batch(self, run_id: str, batch: list[RunEntry], tags: dict[str, str]) -> None:
        from mlflow.entities import Metric, RunTag

        metrics = [Metric(entry.key, entry.value, entry.timestamp, entry.step) for entry in batch]
        progress = {self._until: str(batch[-1].row), self._origin: tags[self._origin]}
        self._client.log_batch(
            run_id, metrics, tags=[RunTag(name, value) for name, value in progress.items()]
        )

    def _health(self) -> ModelHealth | None:
        healths = health_of_models(
            self._connection, SettingsReader(self._connection), self._of.model
        )
        return next((own for own in healths if own.version == self._of.version), None)

    def _set_tags(
        self, run_id: str, health: ModelHealth | None, alerts: list[dict[str, Any]]
    ) -> None:
        firing = sorted({alert["rule"] for alert in alerts if alert["state"] == "firing"})
        for name, value in (
            ("model", escaped(self._of.model)),
            ("version", escaped(version_of(self._of.version))),
            ("environment", escaped(environment_of(self._of.version) or "")),
            ("state", "no_data" if health is None else health.state),
            ("firing_rules", ", ".join(firing)),
            ("last_window_end", (health and health.last_window_end) or ""),
        ):
            self._client.set_tag(run_id, f"modeltap.{name}", value[:500])


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]
