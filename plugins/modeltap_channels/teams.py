"""Microsoft Teams: an adaptive card, as a Workflow's webhook takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import words
from modeltap_channels.markup import markdown
from modeltap_channels.reply import as_json

_MAX_TITLE, _MAX_TEXT, _MAX_LINE, _MAX_FACT = 300, 1500, 500, 400
"""A card may have 28 KB, and a character has up to three bytes."""

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
            "text": markdown(words.title(event), _MAX_TITLE),
        },
        {"type": "TextBlock", "wrap": True, "text": markdown(words.text(event), _MAX_TEXT)},
    ]
    body += [
        {
            "type": "TextBlock",
            "wrap": True,
            "spacing": "Small",
            "text": f"- {markdown(line, _MAX_LINE)}",
        }
        for line in words.lines(event)
    ]
    facts = [
        {"title": name, "value": markdown(value, _MAX_FACT)} for name, value in words.facts(event)
    ]
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
