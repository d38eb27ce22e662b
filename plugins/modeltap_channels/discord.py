"""Discord webhooks, with one embed per message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts
from modeltap_channels.markup import markdown
from modeltap_channels.reply import as_json

_MAX_TITLE, _MAX_DESCRIPTION, _MAX_FIELD = 256, 3500, 400
"""Limits of the parts of an embed. Discord allows 6,000 characters in total."""

_PUBLIC = re.compile(
    r"https?://(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d{1,5})?(?:[/?#][!-~]*)?", re.IGNORECASE
)
"""The links that Discord accepts. It rejects a message with any other link."""


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` for Discord."""
    if webhook.format != "discord":
        return None
    listed = [f"- {markdown(line, _MAX_DESCRIPTION)}" for line in message_parts.lines(event)]
    lines = [markdown(message_parts.text(event), _MAX_DESCRIPTION), *listed]
    embed: dict[str, Any] = {
        "title": markdown(message_parts.title(event), _MAX_TITLE),
        "description": message_parts.fitting(lines, _MAX_DESCRIPTION),
        "color": message_parts.color(event),
        "timestamp": event["timestamp"],
        "fields": [
            {"name": name, "value": markdown(value, _MAX_FIELD), "inline": True}
            for name, value in message_parts.facts(event)
        ],
    }
    url = message_parts.link(event)
    if url and _PUBLIC.fullmatch(url):
        embed["url"] = url
    # Mentions such as "@everyone" in a model's name or a value must not notify anyone.
    return as_json({"embeds": [embed], "allowed_mentions": {"parse": []}})
