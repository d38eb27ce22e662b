"""Slack's incoming webhooks: Block Kit, and a text for notifications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts
from modeltap_channels.markup import unlinked
from modeltap_channels.reply import as_json

_MAX_HEADER, _MAX_TEXT, _MAX_FIELD = 150, 2900, 1900
_MAX_FIELDS = 10


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` for Slack, with names from clients in plain text without markup."""
    if webhook.format != "slack":
        return None
    summary = _safe(message_parts.text(event), _MAX_TEXT)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain_text(_safe(message_parts.title(event), _MAX_HEADER))},
        {"type": "section", "text": _plain_text(summary)},
    ]
    lines = message_parts.lines(event)
    if lines:
        listed = message_parts.fitting(
            [f"• {_safe(line, _MAX_FIELD)}" for line in lines], _MAX_TEXT
        )
        blocks.append({"type": "section", "text": _plain_text(listed)})
    facts = [
        _plain_text(_safe(f"{name}: {value}", _MAX_FIELD))
        for name, value in message_parts.facts(event)
    ]
    if facts:
        blocks.append({"type": "section", "fields": facts[:_MAX_FIELDS]})
    url = message_parts.link(event)
    if url:
        target = _entities(url).replace("|", "%7C")
        link = {"type": "mrkdwn", "text": f"<{target}|Open the dashboard>"}
        blocks.append({"type": "context", "elements": [link]})
    notification = f"{_safe(message_parts.title(event), _MAX_HEADER)}: {summary}"
    quiet = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return as_json({"text": notification, "blocks": blocks, **quiet})


def _plain_text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "emoji": False, "text": text}


def _safe(text: str, length: int) -> str:
    """Return `text` for Slack without links and mentions, in at most `length` characters.

    >>> _safe("<!channel> & co", 40), _safe("a <!channel>", 5)
    ('&lt;!channel&gt; &amp; co', 'a …')
    """
    safe = _entities(unlinked(text))
    # Remove an entity that was cut.
    return safe if len(safe) <= length else re.sub("&[a-z]{0,3}$", "", safe[: length - 1]) + "…"


def _entities(text: str) -> str:
    """Escape Slack's control characters, so that a name cannot become a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
