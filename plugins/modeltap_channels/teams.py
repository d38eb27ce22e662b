"""Microsoft Teams: an adaptive card, as a Workflow's webhook takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import words
from modeltap_channels.reply import as_json

_MAX_TEXT = 4000
"""A card may have 28 KB."""

_COLORS = {"critical": "Attention", "warning": "Warning"}


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Write `event` for Teams."""
    if webhook.format != "teams":
        return None
    color = (
        "Good"
        if event["type"] == "alert.resolved"
        else _COLORS.get(event["data"].get("severity"), "Default")
    )
    body: list[dict[str, Any]] = [
        {
            "type": "TextBlock",
            "size": "Large",
            "weight": "Bolder",
            "wrap": True,
            "color": color,
            "text": words.title(event),
        },
        {"type": "TextBlock", "wrap": True, "text": words.clipped(words.text(event), _MAX_TEXT)},
    ]
    body += [
        {"type": "TextBlock", "wrap": True, "spacing": "Small", "text": f"- {line}"}
        for line in words.lines(event)
    ]
    facts = [{"title": name, "value": value} for name, value in words.facts(event)]
    if facts:
        body.append({"type": "FactSet", "facts": facts})
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    url = words.link(event)
    if url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the dashboard", "url": url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return as_json({"type": "message", "attachments": [attachment]})
