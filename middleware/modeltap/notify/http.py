"""One attempt to send an event to a receiver, with one deadline."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache, partial
from importlib.metadata import entry_points
from typing import Any

import httpx
import msgspec

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError, ModeltapError, nearest
from modeltap.notify.addresses import check_host, resolve
from modeltap.notify.outbox import DeliveryOutcome
from modeltap.plugins import ANYONES, hooks

Clock = Callable[[], float]
"""Returns the time in Unix seconds; replaceable in tests of receivers."""

Transports = Callable[[], httpx.AsyncBaseTransport]
"""Creates the transport of a request; tests of receivers use `httpx.MockTransport`."""

_Written = tuple[bytes, Mapping[str, str]]
"""A message's body and headers."""

_REFUSED = (400, 422)
"""Statuses of receivers that reject a message's content."""

_SLOW_DOWN = (429, 502, 503, 504)
"""Statuses of overloaded receivers."""


def plain_transport(
    proxy: str | None = None, ca_file: str | None = None
) -> httpx.AsyncBaseTransport:
    """Return a transport that ignores environment variables, which are set for other programs.

    A transport is used instead of a client, because a client logs each URL (webhook URLs contain
    tokens) and may follow redirects.

    Args:
        proxy: the proxy's URL.
        ca_file: PEM certificates to trust in addition to those of public authorities.
    """
    return httpx.AsyncHTTPTransport(verify=_certificates(ca_file), trust_env=False, proxy=proxy)


@cache
def _certificates(ca_file: str | None) -> ssl.SSLContext:
    # Cached, because loading the certificates takes longer than a request.
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = (
                "it contains no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            )
            raise ConfigError(f"webhook ca_file {ca_file!r} is invalid: {reason}") from None
    return context


def post(
    webhook: WebhookSettings,
    message_id: str,
    event: Mapping[str, Any],
    *,
    clock: Clock = time.time,
    transport: Transports | None = None,
    most_answer_bytes: int = 0,
) -> DeliveryOutcome:
    """Send `event` once. Failures of the receiver, plugins and settings are returned, not raised.

    If a receiver rejects the content, the event is sent again without its link, because some chat
    services reject a message with an unsupported link.

    Args:
        webhook: with its ``env:`` values resolved (`WebhookSettings.resolved`).
        message_id: the same on every attempt.
        clock: seconds since the epoch, for the timestamp header and a ``Retry-After`` date.
        transport: a factory of the transport; None uses the webhook's own.
        most_answer_bytes: how much of the response's body is read.
    """
    wires = transport or partial(plain_transport, webhook.proxy, webhook.ca_file)

    def attempt() -> DeliveryOutcome:
        sent = _call_plugin("send_event", event=event, webhook=webhook, message_id=message_id)
        if sent is not None:
            return DeliveryOutcome(
                accepted=sent,
                error=None if sent else "the service rejected the message",
                busy=not sent,
            )
        moment = int(clock())
        bodies = [_formatted(webhook, message_id, form, moment) for form in _forms(webhook, event)]
        return asyncio.run(_post_in_time(webhook, bodies, clock, wires, most_answer_bytes))

    return _without_exceptions(attempt)


def post_bytes(
    webhook: WebhookSettings, body: bytes, headers: Mapping[str, str], *, most_answer_bytes: int
) -> DeliveryOutcome:
    """Send bytes once, with the same checks and the same deadline as a message.

    Args:
        webhook: where to, with its ``env:`` values resolved.
        most_answer_bytes: how much of the response's body is read.
    """
    wires = partial(plain_transport, webhook.proxy, webhook.ca_file)

    def attempt() -> DeliveryOutcome:
        sending = _post_in_time(webhook, [(body, headers)], time.time, wires, most_answer_bytes)
        return asyncio.run(sending)

    return _without_exceptions(attempt)


def _without_exceptions(attempt: Callable[[], DeliveryOutcome]) -> DeliveryOutcome:
    """Return the outcome of an attempt; its failures are outcomes, too."""
    try:
        return attempt()
    except ModeltapError as error:
        return DeliveryOutcome(error=str(error), busy=True)
    except TimeoutError:
        return DeliveryOutcome(error="timeout", busy=True)
    except httpx.ProxyError:
        return DeliveryOutcome(error="the proxy could not connect", busy=True)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return DeliveryOutcome(error=_described(error), busy=True)


def _forms(webhook: WebhookSettings, event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the event, followed by the version to try if its content is rejected."""
    data = event.get("data") or {}
    if not (data.get("link") and webhook.link_may_be_left_out):
        return [event]
    return [event, {**event, "data": {**data, "link": None}}]


def _formatted(
    webhook: WebhookSettings, message_id: str, event: Mapping[str, Any], timestamp: int
) -> tuple[bytes, dict[str, str]]:
    written = _call_plugin(
        "format_event",
        event=event,
        webhook=webhook,
        message_id=message_id,
        timestamp=timestamp,
    )
    if written is None:
        known = [plugin.name for plugin in entry_points(group=f"{ANYONES}.channels")]
        raise ConfigError(
            f"no installed plugin supports the webhook format {webhook.format!r}"
            f"{nearest(webhook.format, known)}"
        )
    try:
        return msgspec.convert(written, tuple[bytes, dict[str, str]], builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"the plugin for format {webhook.format!r} must return a body in bytes and headers of "
            f"texts: {error}"
        ) from None


def check_format(webhook: WebhookSettings, event: Mapping[str, Any]) -> None:
    """Raise `ConfigError` unless a plugin writes the event in the webhook's format.

    Nothing is sent. Apprise, which sends its messages itself, is not checked.
    """
    if webhook.format != "apprise":
        _formatted(webhook, "msg_check", event, 0)


def _call_plugin(hook: str, *, webhook: WebhookSettings, **arguments: Any) -> Any:
    try:
        return getattr(hooks("channels"), hook)(webhook=webhook, **arguments)
    except ModeltapError:
        raise
    except Exception as error:
        # A plugin's error message may quote the URL or the secret, so only its type is reported.
        raise ConfigError(
            f"the plugin for format {webhook.format!r} failed: {type(error).__name__}"
        ) from None


async def _post_in_time(
    webhook: WebhookSettings,
    bodies: Sequence[_Written],
    clock: Clock,
    transport: Transports,
    most_answer_bytes: int = 0,
) -> DeliveryOutcome:
    """Send the first body, and the next one if it is rejected."""
    # One overall timeout, because httpx's timeouts restart with each received byte.
    async with asyncio.timeout(webhook.timeout_seconds):
        url = httpx.URL(webhook.url)
        addresses = _addresses(webhook, url)
        outcome = DeliveryOutcome()
        for written in bodies:
            outcome = await _post_to_any(
                addresses, webhook, url, written, clock, transport, most_answer_bytes
            )
            if outcome.status not in _REFUSED:
                break
        return outcome


def _addresses(webhook: WebhookSettings, url: httpx.URL) -> list[str]:
    """Return the checked addresses to connect to, or the host if a proxy resolves the name.

    Raises `AddressError` for a forbidden address.
    """
    if webhook.proxy:
        check_host(url.host, allow_private=webhook.allow_private)
        return [url.host]
    # Blocking is fine: the event loop has no other tasks, and the lookup has its own timeout.
    return resolve(
        url.host,
        url.port or (443 if url.scheme == "https" else 80),
        allow_private=webhook.allow_private,
        timeout_seconds=webhook.timeout_seconds,
    )


async def _post_to_any(
    addresses: Sequence[str],
    webhook: WebhookSettings,
    url: httpx.URL,
    written: _Written,
    clock: Clock,
    transport: Transports,
    most_answer_bytes: int,
) -> DeliveryOutcome:
    connect_seconds = webhook.timeout_seconds / len(addresses)
    for address in addresses[:-1]:
        try:
            return await _post_to(
                address, connect_seconds, url, written, clock, transport, most_answer_bytes
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue  # nothing was sent, so the next address can be tried
    return await _post_to(
        addresses[-1], connect_seconds, url, written, clock, transport, most_answer_bytes
    )


async def _post_to(
    address: str,
    connect_seconds: float,
    url: httpx.URL,
    written: _Written,
    clock: Clock,
    transport: Transports,
    most_answer_bytes: int,
) -> DeliveryOutcome:
    """Send to a checked address, with the receiver's host name for TLS and the Host header.

    Of the response's body at most `most_answer_bytes` are read, because it may be endless.
    """
    body, headers = written
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
        answer = await _beginning(response, most_answer_bytes)
        await response.aclose()
    status = response.status_code
    return DeliveryOutcome(
        status=status,
        error=None if 200 <= status < 300 else f"status {status}",
        retry_after=retry_after(response.headers.get("retry-after"), clock()),
        busy=status in _SLOW_DOWN,
        answer=answer,
    )


async def _beginning(response: httpx.Response, most_bytes: int) -> bytes:
    """Return the beginning of a response's body."""
    answer = b""
    if most_bytes:
        async for chunk in response.aiter_raw():
            answer += chunk
            if len(answer) >= most_bytes:
                break
    return answer[:most_bytes]


def retry_after(text: str | None, now: float) -> float | None:
    """Parse ``Retry-After``, seconds or a date, into seconds from `now`; None if invalid.

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
            date = parsedate_to_datetime(text)
            # Without a zone, as in one of the forms of RFC 9110, it is UTC as well.
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(seconds) else max(0.0, seconds)


def _described(error: Exception) -> str:
    """Describe an error without its own message, which may quote the URL and its token."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, ssl.SSLError):
            return "TLS or certificate error"
        if isinstance(chain, ConnectionRefusedError):
            return "connection refused"
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, httpx.InvalidURL):
        return "invalid URL"
    if isinstance(error, httpx.ConnectTimeout):
        return "connect timeout"
    if isinstance(error, httpx.ConnectError):
        return "connection failed"
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return "connection closed"
    return type(error).__name__
