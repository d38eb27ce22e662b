"""The Alertmanager webhook format, version 4, for receivers of Prometheus alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts
from modeltap_channels.reply import as_json

_NO_END = "0001-01-01T00:00:00Z"
_LABELS = ("model", "version", "environment", "metric", "feature", "segment", "severity")


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` like Alertmanager."""
    if webhook.format != "alertmanager":
        return None
    data = event["data"]
    status = "resolved" if event["type"] == "alert.resolved" else "firing"
    url = message_parts.link(event) or ""
    name = data.get("rule") or event["type"]
    alerts = [_alert(alert, data, name, status, url) for alert in data.get("alerts", ())]
    if not alerts:
        alerts = [_alert({"summary": message_parts.text(event)}, data, name, status, url)]
    shared = {"alertname": name, **_labels(data)}
    return as_json(
        {
            "version": "4",
            "groupKey": f"{{}}:{{alertname={_quoted(name)}, model={_quoted(data.get('model'))}}}",
            "truncatedAlerts": data.get("alerts_left_out") or 0,
            "status": status,
            "receiver": "modeltap",
            "groupLabels": {"alertname": name, "model": data.get("model") or ""},
            "commonLabels": shared,
            "commonAnnotations": {"summary": message_parts.text(event)},
            "externalURL": url,
            "alerts": alerts,
        }
    )


def _quoted(value: object) -> str:
    """Return a label's value for a group key, quoted as JSON so that names cannot end it."""
    return json.dumps(str(value), ensure_ascii=False)


def _alert(
    alert: Mapping[str, Any], data: Mapping[str, Any], name: str, status: str, url: str
) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, **_labels({**data, **alert})},
        "annotations": _annotations(alert),
        "startsAt": alert.get("started_at") or data.get("started_at") or _NO_END,
        "endsAt": alert.get("resolved_at") or _NO_END,
        "generatorURL": url,
        "fingerprint": alert.get("fingerprint") or "",
    }


def _annotations(alert: Mapping[str, Any]) -> dict[str, str]:
    related = alert.get("related") or ()
    named = {"related": ", ".join(related)} if related else {}
    return {"summary": str(alert["summary"]), **named}


def _labels(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(values[name]) for name in _LABELS if values.get(name)}
