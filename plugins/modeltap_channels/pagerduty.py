"""PagerDuty's Events API v2: an incident per rule and model, resolved with its last alert."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts
from modeltap_channels.markup import plain
from modeltap_channels.reply import as_json

URL = "https://events.pagerduty.com/v2/enqueue"
_MAX_SUMMARY, _MAX_KEY = 1024, 255


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` for PagerDuty; the integration key is the webhook's `secret`."""
    if webhook.format != "pagerduty":
        return None
    if not webhook.secret:
        raise ConfigError(
            "format 'pagerduty' needs the integration key as the secret; set "
            'secret = "env:PAGERDUTY_KEY"'
        )
    data = event["data"]
    resolved = event["type"] == "alert.resolved" and not data.get("open_alerts")
    body: dict[str, Any] = {
        "routing_key": webhook.secret,
        "event_action": "resolve" if resolved else "trigger",
        "dedup_key": dedup_key(event, message_id),
    }
    if not resolved:
        body["payload"] = {
            "summary": message_parts.clipped(plain(message_parts.text(event)), _MAX_SUMMARY),
            "source": plain(data.get("model") or "") or "modeltap",
            "severity": data.get("severity") or "info",
            "timestamp": event["timestamp"],
            "component": plain(data.get("version") or "") or None,
            "group": plain(data.get("model") or "") or None,
            "class": data.get("rule") or event["type"],
            "custom_details": {
                **{name: plain(value) for name, value in message_parts.facts(event)},
                "alerts": list(map(plain, message_parts.lines(event))),
            },
        }
        body["client"] = "modeltap"
        url = message_parts.link(event)
        if url:
            body |= {"client_url": url, "links": [{"href": url, "text": "Open the dashboard"}]}
    return as_json(body)


def dedup_key(event: Mapping[str, Any], message_id: str) -> str:
    """Return the key of an incident, made of the rule, the model, its version and environment.

    The environment is included because several may share an integration key.

    >>> dedup_key({"data": {"rule": "data_drift", "model": "flights", "version": "2"}}, "msg_1")
    'modeltap/data_drift/flights/2'
    """
    data = event["data"]
    if not data.get("rule"):
        return f"modeltap/{message_id}"
    named = [data["rule"], data.get("model") or "", data.get("version") or ""]
    named += [data["environment"]] if data.get("environment") else []
    key = f"modeltap/{'/'.join(named)}"
    if len(key) <= _MAX_KEY:
        return key
    return f"modeltap/{hashlib.sha256(key.encode()).hexdigest()}"
