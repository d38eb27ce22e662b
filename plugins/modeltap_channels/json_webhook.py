"""The plain JSON webhook, signed according to Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.hookspecs import hookimpl


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str, timestamp: int
) -> tuple[bytes, dict[str, str]] | None:
    """Format `event` as JSON, with a signature header if there is a secret."""
    if webhook.format != "json":
        return None
    body = msgspec.json.encode(event)
    headers = {
        "content-type": "application/json",
        "user-agent": "modeltap",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }
    # During key rotation there are several secrets; the receiver accepts any known one.
    secrets = [text for text in re.split(r"[\s,]+", webhook.secret or "") if text]
    if secrets:
        signed = (sign(secret, message_id, timestamp, body) for secret in secrets)
        headers["webhook-signature"] = " ".join(signed)
    return body, headers


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return ``v1,`` and the base64 HMAC-SHA256 of ``id.timestamp.body``.

    `secret` is ``whsec_`` followed by base64, or any other text, which is used unchanged. Raises
    `ConfigError` if the text after ``whsec_`` is not base64.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    return (
        "v1," + base64.b64encode(hmac.new(_key(secret), content, hashlib.sha256).digest()).decode()
    )


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    text = secret.removeprefix("whsec_")
    try:
        # Some tools omit the padding.
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ConfigError("the webhook secret is not valid base64 after whsec_") from None
