"""The body and headers of a message."""

from __future__ import annotations

from typing import Any

import msgspec


def as_json(body: Any, content_type: str = "application/json") -> tuple[bytes, dict[str, str]]:
    """Write `body` as JSON; what is no number becomes null."""
    return msgspec.json.encode(body), {"content-type": content_type, "user-agent": "modeltap"}
