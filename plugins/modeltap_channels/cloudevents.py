"""CloudEvents 1.0 in structured mode, for brokers and functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels.reply import as_json


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` as a CloudEvent, with the same id on every attempt."""
    if webhook.format != "cloudevents":
        return None
    data = event["data"]
    body = {
        "specversion": "1.0",
        "id": message_id,
        "source": f"/modeltap/{data.get('model') or ''}",
        "type": f"modeltap.{event['type']}",
        "time": event["timestamp"],
        "datacontenttype": "application/json",
        "data": data,
    }
    if data.get("rule"):
        body["subject"] = data["rule"]
    return as_json(body, "application/cloudevents+json; charset=UTF-8")
