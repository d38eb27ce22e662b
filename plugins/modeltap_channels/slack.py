"""Slack's incoming webhooks: Block Kit, with a text for notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import words
from modeltap_channels.reply import as_json

_MAX_HEADER, _MAX_TEXT, _MAX_FIELD = 150, 2900, 1900


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Write `event` for Slack."""
    if webhook.format != "slack":
        return None
    said = words.clipped(_safe(words.text(event)), _MAX_TEXT)
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {
                "type": "plain_text",
                "emoji": True,
                "text": words.clipped(words.title(event), _MAX_HEADER),
            },
        },
        {"type": "section", "text": {"type": "mrkdwn", "text": said}},
    ]
    lines = words.lines(event)
    if lines:
        listed = words.clipped("\n".join(f"• {_safe(line)}" for line in lines), _MAX_TEXT)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": listed}})
    facts = [
        {"type": "mrkdwn", "text": words.clipped(f"*{name}*\n{_safe(value)}", _MAX_FIELD)}
        for name, value in words.facts(event)
    ]
    if facts:
        blocks.append({"type": "section", "fields": facts[:10]})
    url = words.link(event)
    if url:
        blocks.append(
            {
                "type": "context",
                "elements": [{"type": "mrkdwn", "text": f"<{_safe(url)}|Open the dashboard>"}],
            }
        )
    return as_json({"text": f"{words.title(event)}: {said}", "blocks": blocks})


def _safe(text: str) -> str:
    """Slack reads these three as its own: a name may not become a link, or call everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
