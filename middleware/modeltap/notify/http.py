"""One attempt to hand one event to one receiver, within one deadline."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError, ModeltapError
from modeltap.notify.addresses import resolve
from modeltap.notify.outbox import DeliveryOutcome
from modeltap.plugins import hooks

Clock = Callable[[], float]
"""Returns the time as Unix seconds; tests of receivers pass their own."""

Transports = Callable[[], httpx.AsyncBaseTransport]
"""Makes the transport of one post; tests of receivers pass `httpx.MockTransport`."""

_SLOW_DOWN = (429, 502, 503, 504)
"""Statuses by which a receiver reports that it is overloaded."""


def plain_transport() -> httpx.AsyncBaseTransport:
    """Return a transport that ignores environment variables: no proxy, no other certificates.

    A transport and no client: a client logs each URL, and webhooks' URLs hold tokens; it also
    is what would follow redirects.
    """
    return httpx.AsyncHTTPTransport(verify=_certificates(), trust_env=False)


@cache
def _certificates() -> ssl.SSLContext:
    # Made once: reading all authorities takes longer than a post.
    return httpx.create_ssl_context(trust_env=False)


def post(
    webhook: WebhookSettings,
    message_id: str,
    event: Mapping[str, Any],
    *,
    clock: Clock = time.time,
    transport: Transports = plain_transport,
) -> DeliveryOutcome:
    """Post `event` once; never raises for what a receiver, a plugin or a setting does.

    Args:
        webhook: with its ``env:`` values read (`WebhookSettings.resolved`).
        message_id: the same on every attempt.
        clock: seconds since the epoch, for the timestamp header and a ``Retry-After`` date.
    """
    try:
        sent = _call_plugin("send_event", event=event, webhook=webhook, message_id=message_id)
        if sent is not None:
            return DeliveryOutcome(
                accepted=sent, error=None if sent else "the service refused it", busy=not sent
            )
        body, headers = _formatted(webhook, message_id, event, int(clock()))
        return asyncio.run(_post_in_time(webhook, body, headers, clock, transport))
    except ModeltapError as error:
        return DeliveryOutcome(error=str(error), busy=True)
    except TimeoutError:
        return DeliveryOutcome(error="timeout", busy=True)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return DeliveryOutcome(error=_described(error), busy=True)


def _formatted(
    webhook: WebhookSettings, message_id: str, event: Mapping[str, Any], timestamp: int
) -> tuple[bytes, dict[str, str]]:
    written: tuple[bytes, dict[str, str]] | None = _call_plugin(
        "format_event",
        event=event,
        webhook=webhook,
        message_id=message_id,
        timestamp=timestamp,
    )
    if written is None:
        raise ConfigError(f"no plugin knows the webhook format {webhook.format!r}")
    return written


def _call_plugin(hook: str, *, webhook: WebhookSettings, **about: Any) -> Any:
    try:
        return getattr(hooks("channels"), hook)(webhook=webhook, **about)
    except ModeltapError:
        raise
    except Exception as error:
        # A plugin's message may quote the URL or the secret: only its kind is reported.
        raise ConfigError(f"format {webhook.format!r} failed: {type(error).__name__}") from None


async def _post_in_time(
    webhook: WebhookSettings,
    body: bytes,
    headers: Mapping[str, str],
    clock: Clock,
    transport: Transports,
) -> DeliveryOutcome:
    # One bound on everything: httpx's own timeouts begin anew with every byte that drips in.
    async with asyncio.timeout(webhook.timeout_seconds):
        url = httpx.URL(webhook.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        # Blocks this loop, which has nothing else to do; the lookup has its own time limit.
        addresses = resolve(
            url.host,
            port,
            allow_private=webhook.allow_private,
            timeout_seconds=webhook.timeout_seconds,
        )
        share = webhook.timeout_seconds / len(addresses)
        for address in addresses[:-1]:
            try:
                return await _post_to(address, share, url, body, headers, clock, transport)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent: the next address may be better
        return await _post_to(addresses[-1], share, url, body, headers, clock, transport)


async def _post_to(
    address: str,
    connect_seconds: float,
    url: httpx.URL,
    body: bytes,
    headers: Mapping[str, str],
    clock: Clock,
    transport: Transports,
) -> DeliveryOutcome:
    """Post to the one address that was checked, with the name the receiver knows itself by.

    Only the status of the response is read: its body may have no end.
    """
    request = httpx.Request(
        "POST",
        url.copy_with(host=address, userinfo=b"", fragment=None),
        content=body,
        headers={**headers, "host": url.netloc.decode("ascii"), "connection": "close"},
        extensions={"sni_hostname": url.host, "timeout": {"connect": connect_seconds}},
    )
    if url.userinfo:
        next(httpx.BasicAuth(url.username, url.password).sync_auth_flow(request))
    async with transport() as wire:
        response = await wire.handle_async_request(request)
        await response.aclose()
    status = response.status_code
    return DeliveryOutcome(
        status=status,
        error=None if 200 <= status < 300 else f"status {status}",
        retry_after=retry_after(response.headers.get("retry-after"), clock()),
        busy=status in _SLOW_DOWN,
    )


def retry_after(text: str | None, now: float) -> float | None:
    """Read ``Retry-After``, seconds or a date, as seconds from `now`; None for anything else.

    >>> retry_after("120", 0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 10.0)
    (120.0, 50.0)
    >>> retry_after("nan", 0.0), retry_after("soon", 0.0), retry_after(None, 0.0)
    (None, None, None)
    """
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(seconds) else max(0.0, seconds)


def _described(error: Exception) -> str:
    """Describe an error in a word or two; its own message may quote the URL, and so a token."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, ssl.SSLError):
            return "the certificate or TLS is not accepted"
        if isinstance(chain, ConnectionRefusedError):
            return "connection refused"
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, httpx.InvalidURL):
        return "the URL is not valid"
    if isinstance(error, httpx.ConnectTimeout):
        return "connect timeout"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return "connection closed"
    return type(error).__name__
