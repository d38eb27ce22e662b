"""Discord's webhooks: one embed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import words
from modeltap_channels.markup import markdown
from modeltap_channels.reply import as_json

_MAX_TITLE, _MAX_DESCRIPTION, _MAX_FIELD = 256, 3500, 400
"""An embed may have 6,000 characters in all; it has five fields at most."""

_PUBLIC = re.compile(
    r"https?://(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d{1,5})?(?:[/?#][!-~]*)?", re.IGNORECASE
)
"""Discord takes no other links, and refuses the whole message for one."""


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Write `event` for Discord."""
    if webhook.format != "discord":
        return None
    listed = [f"- {markdown(line, _MAX_DESCRIPTION)}" for line in words.lines(event)]
    lines = [markdown(words.text(event), _MAX_DESCRIPTION), *listed]
    embed: dict[str, Any] = {
        "title": markdown(words.title(event), _MAX_TITLE),
        "description": words.fitting(lines, _MAX_DESCRIPTION),
        "color": words.color(event),
        "timestamp": event["timestamp"],
        "fields": [
            {"name": name, "value": markdown(value, _MAX_FIELD), "inline": True}
            for name, value in words.facts(event)
        ],
    }
    url = words.link(event)
    if url and _PUBLIC.fullmatch(url):
        embed["url"] = url
    # Nobody is called by what a model's name or a value may hold ("@everyone").
    return as_json({"embeds": [embed], "allowed_mentions": {"parse": []}})
