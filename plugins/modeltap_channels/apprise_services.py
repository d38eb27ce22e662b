"""Everything else, through Apprise: e-mail, Telegram, Matrix, ntfy and a hundred more."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.hookspecs import hookimpl
from modeltap_channels import words
from modeltap_channels.markup import plain


@hookimpl
def send_event(event: Mapping[str, Any], webhook: WebhookSettings) -> bool | None:
    """Hand `event` to the service that the URL names; Apprise connects by itself."""
    if webhook.format != "apprise":
        return None
    try:
        import apprise
    except ImportError:
        raise ConfigError(
            "format 'apprise' needs Apprise: pip install 'modeltap[apprise]'"
        ) from None
    # Both log URLs, which hold tokens, and where nobody set up logging that is standard error.
    for library in ("apprise", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    services = apprise.Apprise()
    if not services.add(webhook.url):
        raise ConfigError("Apprise does not know the scheme of the webhook's url")
    facts = (f"{name}: {value}" for name, value in words.facts(event))
    body = [*map(plain, (words.text(event), *words.lines(event), *facts))]
    url = words.link(event)
    body += [url] if url else []
    kind = {"critical": "failure", "warning": "warning"}.get(event["data"].get("severity"), "info")
    if event["type"] == "alert.resolved":
        kind = "success"
    sent = services.notify(
        title=plain(words.title(event)),
        body="\n".join(body),
        notify_type=kind,
        # It is neither HTML nor Markdown: Apprise escapes it for services that show one of these.
        body_format=apprise.NotifyFormat.TEXT,
    )
    return bool(sent)
