"""The plain JSON webhook, signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from modeltap.config import WebhookSettings
from modeltap.errors import ConfigError
from modeltap.hookspecs import hookimpl


@hookimpl
def format_event(
    event: Mapping[str, Any], webhook: WebhookSettings, message_id: str, timestamp: int
) -> tuple[bytes, dict[str, str]] | None:
    """Write `event` as it is; without a secret there is no signature header."""
    if webhook.format != "json":
        return None
    body = json.dumps(event, separators=(",", ":")).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "modeltap",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }
    if webhook.secret:
        # Several secrets, while keys rotate: a receiver takes whichever it knows.
        signed = [_sign(secret, message_id, timestamp, body) for secret in webhook.secret.split()]
        headers["webhook-signature"] = " ".join(signed)
    return body, headers


def _sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ConfigError("the webhook secret is no base64; write whsec_ and 24-64 bytes") from None
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
