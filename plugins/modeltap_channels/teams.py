"""Microsoft Teams: an Adaptive Card for the webhook of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts
from modeltap_channels.markup import markdown
from modeltap_channels.reply import as_json

_MAX_TITLE, _MAX_TEXT, _MAX_LINE, _MAX_FACT = 300, 1500, 500, 400
"""Limits of the parts of a card. Teams allows 28 KB, and a character has up to three bytes."""

_COLORS = {"critical": "Attention", "warning": "Warning"}


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` for Teams."""
    if webhook.format != "teams":
        return None
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": _body(event),
    }
    url = message_parts.link(event)
    if url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the dashboard", "url": url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return as_json({"type": "message", "attachments": [attachment]})


def _body(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of a card: the title, the summary, a line for each alert, and facts."""
    title = markdown(message_parts.title(event), _MAX_TITLE)
    body = [
        _text(title, size="Large", weight="Bolder", color=_color(event)),
        _text(markdown(message_parts.text(event), _MAX_TEXT)),
    ]
    body += [
        _text(f"- {markdown(line, _MAX_LINE)}", spacing="Small")
        for line in message_parts.lines(event)
    ]
    facts = [
        {"title": name, "value": markdown(value, _MAX_FACT)}
        for name, value in message_parts.facts(event)
    ]
    return [*body, {"type": "FactSet", "facts": facts}] if facts else body


def _text(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextBlock", "wrap": True, **style, "text": text}


def _color(event: Mapping[str, Any]) -> str:
    if event["type"] == "alert.resolved":
        return "Good"
    return _COLORS.get(event["data"].get("severity"), "Default")
