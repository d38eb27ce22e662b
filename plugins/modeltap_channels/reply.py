"""The body and headers of a message."""

from __future__ import annotations

from typing import Any

import msgspec


def as_json(body: Any, content_type: str = "application/json") -> tuple[bytes, dict[str, str]]:
    """Return `body` as JSON with its headers; NaN becomes null."""
    return msgspec.json.encode(body), {"content-type": content_type, "user-agent": "modeltap"}
