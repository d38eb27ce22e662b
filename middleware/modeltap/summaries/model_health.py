"""The health of each model: one sentence, and the numbers behind it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal, NamedTuple

from modeltap.analysis.coverage.coverage_report import Coverage, coverage_of, with_labels
from modeltap.analysis.references.overview import ReferenceOverview, overviews
from modeltap.config.settings import SettingsByModel
from modeltap.environments import environment_of, version_of
from modeltap.store.alerts import AlertRow
from modeltap.store.dropped import dropped_of
from modeltap.store.labels import last_label_at
from modeltap.store.metric_history import last_metrics
from modeltap.store.metrics import last_window_end
from modeltap.store.models import ModelVersion
from modeltap.store.traffic import TrafficPeriod, newest_traffic, traffic_periods
from modeltap.store.version_alerts import open_of

State = Literal["ok", "alert", "learning", "no_data", "error"]

_SEVERITIES = ("critical", "warning", "info")
_BROKEN = ("analysis_failed", "capture_loss")
"""Rules whose alerts mean that modeltap itself does not work as it should."""

_OPERATION = ("error_rate", "latency_p95_ms")
"""Metrics of the last window."""

_PERIODS = 48


class ModelState(NamedTuple):
    """The state of one version of a model, since when, and why; see `ModelHealth`."""

    state: State
    since: str | None
    reason: str | None
    outlook: str


@dataclass(frozen=True)
class ModelHealth:
    """The health of one version of a model in an environment.

    Attributes:
        state: `error` if modeltap cannot watch it, `alert` if alerts are firing, `no_data` if
            nothing arrives, `learning` until the reference is complete, else `ok`.
        since: event time at which the alert in `reason` started; None without one.
        reason: why it is not `ok`; None if it is.
        requests: in the last windows with traffic (`traffic`).
        error_rate: fraction of failed requests in the last window; in the running one if none is
            over; None without requests.
        latency_p95_ms: the response time of 95 % of the requests, of the same window.
        last_label_at: when the last label arrived.
        dropped: exchanges that capture lost, of this model in all environments.
    """

    model: str
    version: str
    state: State
    since: str | None
    reason: str | None
    reference: ReferenceOverview
    alerts: list[AlertRow]
    coverage: Coverage
    traffic: list[TrafficPeriod]
    error_rate: float | None
    latency_p95_ms: float | None
    last_label_at: str | None
    last_window_end: str | None
    dropped: int

    @property
    def requests(self) -> int:
        """The number of requests in the last windows with traffic."""
        return sum(period.requests for period in self.traffic)

    @property
    def shown_version(self) -> str:
        """The version without the environment."""
        return version_of(self.version)

    @property
    def environment(self) -> str | None:
        """The environment; None without one."""
        return environment_of(self.version)


def health_of_models(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str | None = None
) -> list[ModelHealth]:
    """Return the health of each model's versions, those with problems first.

    Args:
        model: only this model's.
    """
    healths = [
        _health(connection, settings, reference)
        for reference in overviews(connection, settings, model)
    ]
    return sorted(healths, key=lambda health: _ORDER.index(health.state))


def state_of_model(
    connection: sqlite3.Connection, settings: SettingsByModel, of: ModelVersion
) -> ModelState | None:
    """Return the state of a model's version without the rest of its health; None if unknown.

    What is not monitored takes longer to find than a page with charts.
    """
    for reference in overviews(connection, settings, of.model):
        if reference.version == of.version:
            end = last_window_end(connection, *of)
            verdict = _verdict(reference, open_of(connection, *of), end)
            return ModelState(*verdict, reference.outlook)
    return None


_ORDER = ("error", "alert", "no_data", "learning", "ok")


def _health(
    connection: sqlite3.Connection, settings: SettingsByModel, reference: ReferenceOverview
) -> ModelHealth:
    of = ModelVersion(reference.model, reference.version)
    alerts = open_of(connection, *of)
    environment = environment_of(of.version)
    own = settings.for_model(of.model)
    coverage = with_labels(connection, coverage_of(connection, own, of.model, environment))
    values = last_metrics(connection, of, _OPERATION) or _of_running_window(connection, of)
    end = last_window_end(connection, *of)
    state, since, reason = _verdict(reference, alerts, end)
    return ModelHealth(
        model=of.model,
        version=of.version,
        state=state,
        since=since,
        reason=reason,
        reference=reference,
        alerts=alerts,
        coverage=coverage,
        traffic=traffic_periods(connection, *of, _PERIODS),
        error_rate=values.get("error_rate"),
        latency_p95_ms=values.get("latency_p95_ms"),
        last_label_at=last_label_at(connection, of.model, environment or ""),
        last_window_end=end,
        dropped=dropped_of(connection, of.model),
    )


def _of_running_window(connection: sqlite3.Connection, of: ModelVersion) -> dict[str, float]:
    """Return errors and latency of a window that is not over: a new user sees them at once."""
    stored = newest_traffic(connection, *of)
    if stored is None:
        return {}
    # Loaded late: most models have had a window, and `modeltap status` starts quickly.
    from modeltap.analysis.counting.traffic import latency_quantile, traffic_of

    traffic = traffic_of(stored)
    slow = latency_quantile(traffic.latency, 0.95)
    values = {"error_rate": traffic.error_rate, "latency_p95_ms": slow}
    return {name: value for name, value in values.items() if value is not None}


def _worst_first(alert: AlertRow) -> tuple[int, str]:
    """Return the key that sorts the worst alert first, and the oldest of equal ones."""
    return _SEVERITIES.index(alert["severity"]), alert["started_at"]


def _verdict(
    reference: ReferenceOverview, alerts: list[AlertRow], last_window_end: str | None
) -> tuple[State, str | None, str | None]:
    """Return the state of a model, since when, and why."""
    by_state: tuple[tuple[State, list[AlertRow]], ...] = (
        ("error", [a for a in alerts if a["rule"] in _BROKEN or a["state"] == "error"]),
        ("alert", [a for a in alerts if a["state"] == "firing"]),
        ("no_data", alerts),
    )
    for state, those in by_state:
        if those:
            worst = min(those, key=_worst_first)
            reason = worst["summary"].removeprefix(f"{reference.model}: ")
            return state, worst["started_at"], reason
    if reference.state == "provisional":
        return "learning", None, reference.outlook
    if last_window_end is None:
        return "no_data", None, "no window is over yet"
    return "ok", None, None
