"""Messages of OTLP: families of measurements as metrics, changes of alerts as log records.

The format is that of https://opentelemetry.io/docs/specs/otlp/. Times are those of the windows,
so that a value is where it belongs however late it arrives.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.environments import reported
from modeltap.notify.events import without_values
from modeltap.printable import escaped
from modeltap.summaries.metric_family import Measurement, MetricFamily, safe_label

MOST_POINTS = 2000
"""Values of one message: about 300 kB, and less than any receiver's limit."""

TRACE_DIGITS = 32
"""A trace id in hexadecimal digits. Other tools have ids of their own, which link to nothing."""

_SEVERITIES = {"critical": (17, "ERROR"), "warning": (13, "WARN"), "info": (9, "INFO")}
_FACTS = ("id", "rule", "model", "version", "environment", "metric", "feature", "segment")
_NUMBERS = ("value", "threshold", "p_value")


class OtlpMessage(NamedTuple):
    """A message to send.

    Attributes:
        items: the number of values or records in it.
    """

    body: bytes
    items: int


def metric_messages(
    families: Iterable[MetricFamily], resource: Mapping[str, str], now: float | None
) -> Iterator[OtlpMessage]:
    """Yield messages with the values of families.

    Args:
        resource: attributes of the sender.
        now: the time of all values in Unix seconds; None for the end of each value's window.
    """
    chunk: list[MetricFamily] = []
    size = 0
    for family in families:
        for start in range(0, len(family.measurements), MOST_POINTS):
            part = family.measurements[start : start + MOST_POINTS]
            if size and size + len(part) > MOST_POINTS:
                yield _metric_message(chunk, resource, now)
                chunk, size = [], 0
            chunk.append(family._replace(measurements=part))
            size += len(part)
    if chunk:
        yield _metric_message(chunk, resource, now)


def _metric_message(
    families: Sequence[MetricFamily], resource: Mapping[str, str], now: float | None
) -> OtlpMessage:
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

    request = service.ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    _set_attributes(group.resource.attributes, resource)
    scope = group.scope_metrics.add()
    scope.scope.name = "modeltap"
    items = 0
    for family in families:
        metric = scope.metrics.add(
            name=f"modeltap.{family.name}", unit=family.unit, description=family.help
        )
        data = metric.gauge
        if family.kind == "counter":
            data = metric.sum
            data.is_monotonic = True
            data.aggregation_temporality = 2  # cumulative
        for measurement in family.measurements:
            if math.isfinite(measurement.value):
                _add_point(data.data_points, measurement, now)
                items += 1
    return OtlpMessage(request.SerializeToString(), items)


def _add_point(points: Any, measurement: Measurement, now: float | None) -> None:
    moment = _nanoseconds((measurement.at or 0.0) if now is None else now)
    point = points.add(time_unix_nano=moment, as_double=measurement.value)
    _set_attributes(point.attributes, measurement.labels)
    for trace in filter(is_trace_id, measurement.traces):
        point.exemplars.add(
            time_unix_nano=moment, as_double=measurement.value, trace_id=bytes.fromhex(trace)
        )


def alert_message(
    changes: Sequence[Mapping[str, Any]],
    traces: Mapping[str, Sequence[str]],
    resource: Mapping[str, str],
) -> OtlpMessage:
    """Return a message with a log record for each change of an alert.

    The record has the trace id of an example, so that tools link to the request. Values from
    payloads are left out of its text, as in messages to webhooks.

    Args:
        changes: rows of `store.unsent_facts.changes_after`.
        traces: trace ids of examples, by the id of the alert.
    """
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service

    request = service.ExportLogsServiceRequest()
    group = request.resource_logs.add()
    _set_attributes(group.resource.attributes, resource)
    scope = group.scope_logs.add()
    scope.scope.name = "modeltap"
    for change in changes:
        alert = reported(without_values(change))
        is_over = change["changed_to"] == "resolved"
        number, name = _SEVERITIES["info" if is_over else alert["severity"]]
        record = scope.log_records.add(
            time_unix_nano=_nanoseconds(clock.parse(change["at"]) or 0.0),
            severity_number=number,
            severity_text=name,
        )
        record.body.string_value = f"{change['changed_to']}: {escaped(alert['summary'])}"
        _set_attributes(record.attributes, _alert_attributes(alert, change))
        for fact in _NUMBERS:
            if alert[fact] is not None and math.isfinite(alert[fact]):
                attribute = record.attributes.add(key=f"modeltap.alert.{fact}")
                attribute.value.double_value = alert[fact]
        usable = [trace for trace in traces.get(alert["id"], ()) if is_trace_id(trace)]
        if usable:
            record.trace_id = bytes.fromhex(usable[0])
            ids = record.attributes.add(key="modeltap.alert.trace_ids").value.array_value
            for trace in usable:
                ids.values.add(string_value=trace)
    return OtlpMessage(request.SerializeToString(), len(changes))


def _alert_attributes(alert: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, str]:
    facts = {
        f"modeltap.alert.{fact}": safe_label(str(alert[fact]))
        for fact in _FACTS
        if alert[fact] not in (None, "")
    }
    examples = json.loads(alert["examples"] or "[]")
    return {
        "event.name": f"modeltap.alert.{change['changed_to']}",
        **facts,
        "modeltap.alert.severity": alert["severity"],
        "modeltap.alert.window_start": alert["window_start"],
        "modeltap.alert.examples": ",".join(map(str, examples)),
    }


def is_trace_id(text: str) -> bool:
    """Return True for a W3C trace id.

    >>> is_trace_id("0af7651916cd43dd8448eb211c80319c"), is_trace_id("284529038910284")
    (True, False)
    """
    is_hexadecimal = len(text) == TRACE_DIGITS and not text.strip("0123456789abcdefABCDEF")
    return is_hexadecimal and int(text, 16) > 0


def _set_attributes(attributes: Any, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        attributes.add(key=name).value.string_value = value


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * 1e9))
