"""A request to an external trainer, and the candidate in its response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.http import post

_MOST_BYTES = 65_536
"""Bytes of a response that are read: it names a candidate."""


@dataclass(frozen=True)
class TrainerResponse:
    """The status, the reason of a failure, and the candidate or "" if the response names none."""

    status: int | None
    error: str | None
    artefact: str
    is_timeout: bool = False


def call_trainer(
    webhook: WebhookSettings, run_id: str, event: Mapping[str, Any], seconds: float
) -> TrainerResponse:
    """Post the event once and wait up to `seconds` for the response.

    A response of 2xx is a success; its JSON may name the candidate: ``{"artefact": "https://..."}``.
    """
    resolved = msgspec.structs.replace(webhook.resolved(), timeout_seconds=seconds)
    outcome = post(resolved, run_id, event, most_answer_bytes=_MOST_BYTES)
    return TrainerResponse(
        outcome.status,
        None if outcome.delivered else outcome.error or "no response",
        _artefact(outcome.answer) if outcome.delivered else "",
        outcome.error == "timeout",
    )


def _artefact(body: bytes) -> str:
    """Return the candidate that a response names.

    >>> _artefact(b'{"artefact": "https://models.example.org/7"}'), _artefact(b"<html>")
    ('https://models.example.org/7', '')
    """
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    artefact = document.get("artefact") if isinstance(document, dict) else None
    return artefact if isinstance(artefact, str) else ""
