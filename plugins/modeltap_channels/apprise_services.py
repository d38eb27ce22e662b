"""Services supported by Apprise: e-mail, Telegram, Matrix, ntfy and a hundred more."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.hookspecs import hookimpl
from modeltap_channels import message_parts
from modeltap_channels.markup import plain


@hookimpl
def send_event(event: Mapping[str, Any], webhook: WebhookSettings) -> bool | None:
    """Send `event` with Apprise to the service in the URL."""
    if webhook.format != "apprise":
        return None
    try:
        import apprise
    except ImportError:
        raise ConfigError(
            "format 'apprise' needs Apprise; run pip install 'modeltap[apprise]'"
        ) from None
    # Both log URLs, which contain tokens. Without a logging configuration they go to stderr.
    for library in ("apprise", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    services = apprise.Apprise()
    if not services.add(webhook.url):
        raise ConfigError("Apprise does not support the scheme of the webhook's URL")
    facts = (f"{name}: {value}" for name, value in message_parts.facts(event))
    body = [*map(plain, (message_parts.text(event), *message_parts.lines(event), *facts))]
    url = message_parts.link(event)
    body += [url] if url else []
    kind = {"critical": "failure", "warning": "warning"}.get(event["data"].get("severity"), "info")
    if event["type"] == "alert.resolved":
        kind = "success"
    sent = services.notify(
        title=plain(message_parts.title(event)),
        body="\n".join(body),
        notify_type=kind,
        # Plain text. Apprise escapes it for services that display HTML or Markdown.
        body_format=apprise.NotifyFormat.TEXT,
    )
    return bool(sent)
