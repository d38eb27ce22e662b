"""Custom bodies: a template with placeholders such as ``$summary``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError, nearest
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str
) -> tuple[bytes, dict[str, str]] | None:
    """Fill in the webhook's `template`. A JSON template stays valid JSON for all values."""
    if webhook.format != "template":
        return None
    if not webhook.template:
        raise ConfigError(
            "format 'template' needs the option template, such as '{\"text\": \"$summary\"}'"
        )
    text = webhook.template
    is_json = text.lstrip()[:1] in ("{", "[")
    values = {
        name: json.dumps(value, ensure_ascii=False)[1:-1] if is_json else value
        for name, value in _values(event, webhook, message_id)
    }
    try:
        body = _Dotted(text).substitute(values)
    except KeyError as error:
        name = str(error.args[0])
        raise ConfigError(
            f"unknown placeholder {name!r} in the template{nearest(name, values)}"
        ) from None
    except ValueError as error:
        raise ConfigError(f"the template is invalid: {error}; write $$ for a dollar sign") from None
    kind = "application/json" if is_json else "text/plain; charset=utf-8"
    return body.encode(), {"content-type": kind, "user-agent": "modeltap"}


class _Dotted(Template):
    braceidpattern = r"[a-z_][a-z0-9_.]*"
    flags = re.IGNORECASE


def _values(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str
) -> Iterator[tuple[str, str]]:
    if webhook.secret:
        yield "secret", webhook.secret
    yield from {
        "type": event["type"],
        "timestamp": event["timestamp"],
        "id": message_id,
        "title": message_parts.title(event),
        "link": message_parts.link(event) or "",
    }.items()
    for name in (
        "model",
        "version",
        "environment",
        "rule",
        "severity",
        "window_start",
        "window_end",
        "started_at",
        "summary",
    ):
        yield name, str(event["data"].get(name) or "")
    yield "alerts", "\n".join(message_parts.lines(event))
