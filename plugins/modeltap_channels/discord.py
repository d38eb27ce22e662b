"""Discord's webhooks: one embed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import words
from modeltap_channels.reply import as_json

_MAX_TITLE, _MAX_DESCRIPTION, _MAX_FIELD = 256, 3500, 1000
"""An embed may have 6,000 characters in all."""


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Write `event` for Discord."""
    if webhook.format != "discord":
        return None
    said = "\n".join([words.text(event), *(f"- {line}" for line in words.lines(event))])
    embed: dict[str, Any] = {
        "title": words.clipped(words.title(event), _MAX_TITLE),
        "description": words.clipped(said, _MAX_DESCRIPTION),
        "color": words.color(event),
        "timestamp": event["timestamp"],
        "fields": [
            {"name": name, "value": words.clipped(value, _MAX_FIELD), "inline": True}
            for name, value in words.facts(event)
        ],
    }
    url = words.link(event)
    if url:
        embed["url"] = url
    # Nobody is called by what a model's name or a value may hold ("@everyone").
    return as_json({"embeds": [embed], "allowed_mentions": {"parse": []}})
