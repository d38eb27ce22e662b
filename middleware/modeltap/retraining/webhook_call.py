"""A request to an external trainer, and the candidate in its response."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import msgspec

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.http import plain_transport, post

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
    recorder = _Recorder(webhook)
    resolved = msgspec.structs.replace(webhook.resolved(), timeout_seconds=seconds)
    outcome = post(resolved, run_id, event, transport=recorder.transport)
    return TrainerResponse(
        outcome.status,
        None if outcome.delivered else outcome.error or "no response",
        _artefact(bytes(recorder.body)) if outcome.delivered else "",
        outcome.error == "timeout",
    )


class _Recorder:
    """Keeps the beginning of a response's body."""

    def __init__(self, webhook: WebhookSettings) -> None:
        self.body = bytearray()
        resolved = webhook.resolved()
        self._inner = partial(plain_transport, resolved.proxy, resolved.ca_file)

    def transport(self) -> httpx.AsyncBaseTransport:
        return _RecordingTransport(self._inner(), self.body)


class _RecordingTransport(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, body: bytearray) -> None:
        self._inner = inner
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        self._body.clear()
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        async for part in _iterated(stream):
            self._body += part
            if len(self._body) > _MOST_BYTES:
                break
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _iterated(stream: httpx.AsyncByteStream) -> AsyncIterator[bytes]:
    async for part in stream:
        yield part
        await asyncio.sleep(0)  # a deadline can end an endless stream of ready parts


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
