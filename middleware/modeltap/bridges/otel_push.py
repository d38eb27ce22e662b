"""Push to a receiver of OpenTelemetry: current values, windows and alerts that it has not got.

One request after another, each with a time limit. A watermark moves only after the receiver has
accepted the rows before it, so an outage delays values and loses none.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass

from modeltap import clock
from modeltap.bridges.otel_messages import (
    OtlpMessage,
    alert_message,
    metric_messages,
)
from modeltap.config.sending.otel_settings import OtelSettings
from modeltap.errors import needs_extra
from modeltap.notify.http import post_bytes
from modeltap.notify.outbox import DeliveryOutcome
from modeltap.printable import escaped
from modeltap.store.connection import writing
from modeltap.store.last_windows import traces_of_examples
from modeltap.store.models import ModelVersion
from modeltap.store.unsent_facts import (
    UnsentMetric,
    begin_sending,
    changes_after,
    changes_sent,
    count_unsent,
    metrics_after,
    metrics_sent,
    record_sending,
    sending_state,
)
from modeltap.store.watermarks import advance, watermark
from modeltap.summaries.exported_metrics import (
    MOST_TRACES,
    ExportedSeries,
    exported_families,
    exported_family,
    exported_name,
    exported_value,
    is_exported,
    metric_labels,
)
from modeltap.summaries.metric_family import Measurement, MetricFamily

SYSTEM = "otel"
"""The name of this system in the store."""

_ROWS = 5000
"""Rows of `metrics` in one step. A watermark moves after each, so a kill repeats one step."""

_CHANGES = 200
_MOST_SECONDS = 60.0
"""The limit of a push. What is left is sent by the next one."""

_MOST_ANSWER_BYTES = 65_536
_NO_SUCH_SIGNAL = (404, 405, 501)
"""Statuses of receivers that take metrics only, as Prometheus does."""

_HOPELESS = (400, 413, 422)
"""Statuses that a repetition would get again: those values are counted as rejected."""

_REASONS = {
    401: "the receiver requires credentials; add them to [otel] headers",
    403: "the receiver refuses these credentials; check [otel] headers",
    404: "there is no OTLP receiver at this address; [otel] endpoint is its base URL",
    405: "there is no OTLP receiver at this address; [otel] endpoint is its base URL",
    415: "the receiver does not take OTLP in protobuf",
    429: "the receiver is overloaded",
}


class PushError(Exception):
    """The receiver did not accept a message.

    Attributes:
        status: of its answer; None without one.
        retry_after: seconds, if the receiver asked for a pause.
    """

    def __init__(self, reason: str, outcome: DeliveryOutcome) -> None:
        super().__init__(reason)
        self.status = outcome.status
        self.retry_after = outcome.retry_after


@dataclass
class PushReport:
    """The result of a push.

    Attributes:
        receiver: host and port.
        values: accepted current values.
        past_values: accepted values of windows since the last push.
        alerts: accepted changes of alerts.
        takes_no_logs: whether the receiver has no place for changes of alerts.
        rejected: values that the receiver refused for good.
        rejected_because: its reason.
        waiting: values that the next push sends.
        error: why it stopped; None after a success.
    """

    receiver: str
    values: int = 0
    past_values: int = 0
    alerts: int = 0
    takes_no_logs: bool = False
    rejected: int = 0
    rejected_because: str | None = None
    waiting: int = 0
    error: str | None = None


def require_otel() -> None:
    """Raise `InputError` with the command to type unless the extra is installed."""
    with needs_extra("otel", "OpenTelemetry"):
        import opentelemetry.proto.collector.metrics.v1.metrics_service_pb2  # noqa: F401


def push(connection: sqlite3.Connection, settings: OtelSettings, now: float) -> PushReport:
    """Send what the receiver has not got; failures are in the report, not raised.

    Args:
        settings: with its ``env:`` values resolved.
        now: Unix seconds.

    Raises `InputError` if the extra is not installed.
    """
    require_otel()
    report = PushReport(settings.shown)
    state = sending_state(connection, SYSTEM)
    paused_until = clock.parse(state.retry_at) if state.retry_at else None
    if paused_until is not None and paused_until > now:
        report.error = f"{state.error}; the next try is at {clock.short(state.retry_at)} UTC"
        return report
    with writing(connection):
        begin_sending(connection, SYSTEM)
    retry_after = None
    try:
        _Push(connection, settings, report).run(now)
    except PushError as error:
        report.error, retry_after = str(error), error.retry_after
    report.waiting = count_unsent(connection, SYSTEM) if settings.past_windows else 0
    with writing(connection):
        record_sending(
            connection,
            SYSTEM,
            error=report.error,
            retry_at=None if retry_after is None else now + min(retry_after, 3600.0),
            rejected=report.rejected,
        )
    return report


class _Push:
    """One push: alerts first, for they are few and urgent."""

    def __init__(
        self, connection: sqlite3.Connection, settings: OtelSettings, report: PushReport
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._report = report
        self._resource = {"service.name": "modeltap", "service.instance.id": os.uname().nodename}
        self._deadline = time.monotonic() + _MOST_SECONDS

    def run(self, now: float) -> None:
        """Send everything; raise `PushError` at the first failure."""
        while self._settings.alerts and self._send_alerts():
            pass
        families = exported_families(self._connection)
        series = ExportedSeries(families)
        for message in metric_messages(families, self._resource, now):
            self._report.values += self._send("metrics", message)
        while self._send_past(series):
            pass

    def _send_alerts(self) -> bool:
        """Send a step of changes of alerts; return True if more may wait."""
        before = watermark(self._connection, changes_sent(SYSTEM))
        changes = changes_after(self._connection, before, _CHANGES)
        if not changes:
            return False
        ids = {change["id"] for change in changes}
        traces = traces_of_examples(self._connection, ids, MOST_TRACES)
        message = alert_message(changes, traces, self._resource)
        try:
            self._report.alerts += self._send("logs", message)
        except PushError as error:
            if error.status not in _NO_SUCH_SIGNAL:
                raise
            self._report.takes_no_logs = True
            return False
        self._advance(changes_sent(SYSTEM), before, changes[-1]["seq"])
        return len(changes) == _CHANGES and self._has_time()

    def _send_past(self, series: ExportedSeries) -> bool:
        """Send a step of windows that were evaluated since the last push."""
        before = watermark(self._connection, metrics_sent(SYSTEM))
        rows = metrics_after(self._connection, before, _ROWS)
        if not rows:
            return False
        if self._settings.past_windows:
            for message in metric_messages(_past(rows, series), self._resource, None):
                self._report.past_values += self._send("metrics", message, may_be_refused=True)
        self._advance(metrics_sent(SYSTEM), before, rows[-1].id)
        return len(rows) == _ROWS and self._has_time()

    def _advance(self, name: str, before: int, after: int) -> None:
        with writing(self._connection):
            advance(self._connection, name, before, after)

    def _has_time(self) -> bool:
        return time.monotonic() < self._deadline

    def _send(self, signal: str, message: OtlpMessage, *, may_be_refused: bool = False) -> int:
        """Send a message; return the number of accepted items.

        Args:
            may_be_refused: count what the receiver refuses for good, and go on.
        """
        if not message.items:
            return 0
        outcome = post_bytes(
            self._settings.receiver(signal),
            gzip.compress(message.body, 5),
            {
                "content-type": "application/x-protobuf",
                "content-encoding": "gzip",
                **self._settings.headers,
            },
            most_answer_bytes=_MOST_ANSWER_BYTES,
        )
        if outcome.delivered:
            rejected, reason = _partly_rejected(signal, outcome.answer)
        elif may_be_refused and outcome.status in _HOPELESS:
            rejected, reason = message.items, f"status {outcome.status}"
        else:
            raise PushError(_reason(outcome, self._settings), outcome)
        if rejected:
            self._report.rejected += rejected
            self._report.rejected_because = reason
        return max(0, message.items - rejected)


def _past(rows: Iterable[UnsentMetric], series: ExportedSeries) -> list[MetricFamily]:
    """Return rows as families whose measurements have the times of their windows."""
    families: dict[str, MetricFamily] = {}
    for row in rows:
        of = ModelVersion(row.model, row.version)
        labels = metric_labels(of, row.metric, row.feature, row.segment)
        name = exported_name(row.metric)
        if is_exported(row.metric, row.feature) and series.has(name, row.metric, labels):
            value = exported_value(row.metric, row.value)
            measurement = Measurement(labels, value, clock.parse(row.window_end))
            family = exported_family(row.metric)
            families.setdefault(name, family).measurements.append(measurement)
    return list(families.values())


def _partly_rejected(signal: str, answer: bytes) -> tuple[int, str | None]:
    """Return the number of rejected items that an answer reports, and its reason."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics

    try:
        if signal == "logs":
            partial = logs.ExportLogsServiceResponse.FromString(answer).partial_success
            return partial.rejected_log_records, _shown(partial.error_message)
        success = metrics.ExportMetricsServiceResponse.FromString(answer).partial_success
        return success.rejected_data_points, _shown(success.error_message)
    except DecodeError:
        return 0, None  # some receivers answer in JSON or text; the status says that they took it


def _shown(text: str) -> str | None:
    return escaped(text[:300]) or None


def _reason(outcome: DeliveryOutcome, settings: OtelSettings) -> str:
    """Return why a message was not accepted, with what to do."""
    status = outcome.status
    known = _REASONS.get(status or 0)
    if known is not None:
        return f"status {status}: {known}"
    if status is not None and 300 <= status < 400:
        return f"status {status}: the receiver redirects; set [otel] endpoint to where it points"
    reason = outcome.error or f"status {status}"
    if status is None and settings.endpoint.endswith(":4317"):
        return f"{reason}; port 4317 is mostly that of gRPC, OTLP over HTTP has 4318"
    return reason
