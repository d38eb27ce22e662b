"""One request to a challenger, with one deadline and a bounded response."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

import httpx

from modeltap.config.improving.shadow_settings import MARK_HEADER, ShadowSettings
from modeltap.notify.addresses import AddressError, resolve
from modeltap.notify.http import plain_transport
from modeltap.privacy.headers import text_of
from modeltap.writer.records import CapturedRecord
from modeltap.writer.shadow_outcomes import (
    CANNOT_BE_SENT,
    CONNECTION_FAILED,
    ERROR_STATUS,
    NOT_ALLOWED,
    REDIRECT,
    RESPONSE_TOO_LARGE,
    TIMEOUT,
)

_RESOLVED_SECONDS = 30.0
"""How long resolved addresses are used: a challenger may move."""

_PATH_CHARACTERS = "/:@!$&'()*+,;=~-._"
"""Characters of a path that need no escape."""

_OWN_HEADERS = frozenset(
    ("host", "content-length", "connection", "transfer-encoding", "accept-encoding")
)
"""Headers of the request to the app that describe its connection, not its content."""


class ChallengerResponse(NamedTuple):
    """The outcome of a request: a response, or a reason for a loss.

    Args:
        reason: one of `shadow_outcomes`; None for a response with a status below 300.
        detail: the reason in full, for `candidate_requests`.
        status: the HTTP status; None without a response.
        duration_ms: until the end of the response; None without a response.
        headers: the response's headers.
        body: the response's body.
    """

    reason: str | None = None
    detail: str | None = None
    status: int | None = None
    duration_ms: float | None = None
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    @property
    def is_failure(self) -> bool:
        """True if the challenger is down or overloaded, so that a pause helps."""
        if self.reason == ERROR_STATUS:
            return (self.status or 0) >= 500 or self.status == 429
        return self.reason in (CONNECTION_FAILED, TIMEOUT, NOT_ALLOWED)


class ChallengerCall:
    """Sends requests to one challenger, over connections that are kept open.

    Args:
        shadow: with its ``env:`` value resolved.
        max_bytes: the longest response, as for the app itself.
    """

    def __init__(self, shadow: ShadowSettings, max_bytes: int) -> None:
        self._shadow = shadow
        self._url = httpx.URL(shadow.url)
        self._max_bytes = max_bytes
        self._transport = plain_transport()
        self._addresses: list[str] = []
        self._resolved_at = -_RESOLVED_SECONDS

    async def send(self, record: CapturedRecord) -> ChallengerResponse:
        """Send a record's request once; failures are returned, not raised."""
        try:
            # One overall timeout, because httpx's timeouts restart with each received byte.
            async with asyncio.timeout(self._shadow.timeout_seconds):
                return await self._sent(record)
        except AddressError as error:
            return ChallengerResponse(NOT_ALLOWED, str(error))
        except TimeoutError:
            return ChallengerResponse(TIMEOUT, TIMEOUT)
        except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError) as error:
            return ChallengerResponse(CANNOT_BE_SENT, f"{CANNOT_BE_SENT}: {type(error).__name__}")
        except (httpx.HTTPError, OSError) as error:
            return ChallengerResponse(
                CONNECTION_FAILED, f"{CONNECTION_FAILED}: {type(error).__name__}"
            )
        except Exception as error:  # a record that no request can be made of
            return ChallengerResponse(CANNOT_BE_SENT, f"{CANNOT_BE_SENT}: {type(error).__name__}")

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _sent(self, record: CapturedRecord) -> ChallengerResponse:
        addresses = await self._checked_addresses()
        started = time.perf_counter()
        response = await self._sent_to_any(record, addresses)
        body, status = bytearray(), response.status_code
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._max_bytes:
                    return ChallengerResponse(RESPONSE_TOO_LARGE, RESPONSE_TOO_LARGE, status)
        finally:
            await response.aclose()
        duration = (time.perf_counter() - started) * 1000
        reason = _reason_of(status)
        return ChallengerResponse(
            reason,
            reason and f"status {status}",
            status,
            duration,
            response.headers.raw,
            bytes(body),
        )

    async def _sent_to_any(
        self, record: CapturedRecord, addresses: Sequence[str]
    ) -> httpx.Response:
        """Send to the first address that accepts a connection."""
        for address in addresses[:-1]:
            try:
                return await self._transport.handle_async_request(self._request(record, address))
            except httpx.ConnectError:
                continue  # nothing was sent, so the next address can be tried
        return await self._transport.handle_async_request(self._request(record, addresses[-1]))

    async def _checked_addresses(self) -> list[str]:
        """Return the challenger's addresses; raise `AddressError` if one is not allowed."""
        now = time.monotonic()
        if now >= self._resolved_at + _RESOLVED_SECONDS:
            port = self._url.port or (443 if self._url.scheme == "https" else 80)
            self._addresses = await asyncio.to_thread(
                resolve,
                self._url.host,
                port,
                allow_private=self._shadow.allow_private,
                timeout_seconds=self._shadow.timeout_seconds,
            )
            self._resolved_at = now
        return self._addresses

    def _request(self, record: CapturedRecord, address: str) -> httpx.Request:
        """Return the request, to a checked address, with the host's name for TLS and Host."""
        url, shadow = self._url, self._shadow
        path = url.path.rstrip("/") + quote(record.path, safe=_PATH_CHARACTERS)
        target = path.encode("ascii") + (b"?" + record.query if record.query else b"")
        request = httpx.Request(
            record.method,
            url.copy_with(host=address, userinfo=b"", raw_path=target),
            content=bytes(record.request_body),
            headers=[
                ("host", url.netloc.decode("ascii")),
                *_forwarded(record.request_headers),
                ("accept-encoding", "identity"),
                (MARK_HEADER, quote(shadow.name)),
            ],
            extensions={"sni_hostname": url.host},
        )
        if url.userinfo:
            next(httpx.BasicAuth(url.username, url.password).sync_auth_flow(request))
        return request


def _forwarded(headers: Iterable[tuple[str, bytes | str]]) -> list[tuple[str, str]]:
    return [(name, text_of(value)) for name, value in headers if name not in _OWN_HEADERS]


def _reason_of(status: int) -> str | None:
    """Return why a response with this status is a loss; None if it may have predictions.

    >>> _reason_of(200), _reason_of(307), _reason_of(503)
    (None, 'redirect', 'error status')
    """
    if status < 300:
        return None
    return REDIRECT if status < 400 else ERROR_STATUS
