"""One attempt to hand one event to one receiver, within one deadline."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import Any

import httpx

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError, ModeltapError
from modeltap.notify.addresses import check_host, resolve
from modeltap.notify.outbox import DeliveryOutcome
from modeltap.plugins import hooks

Clock = Callable[[], float]
"""Returns the time as Unix seconds; tests of receivers pass their own."""

Transports = Callable[[], httpx.AsyncBaseTransport]
"""Makes the transport of one post; tests of receivers pass `httpx.MockTransport`."""

_Written = tuple[bytes, Mapping[str, str]]
"""A message's body and headers."""

_REFUSED = (400, 422)
"""Statuses by which a receiver reports that it does not take what a message holds."""

_SLOW_DOWN = (429, 502, 503, 504)
"""Statuses by which a receiver reports that it is overloaded."""


def plain_transport(
    proxy: str | None = None, ca_file: str | None = None
) -> httpx.AsyncBaseTransport:
    """Return a transport that ignores environment variables: what they set is for other programs.

    A transport and no client: a client logs each URL, and webhooks' URLs hold tokens; it also
    is what would follow redirects.

    Args:
        proxy: the URL of the proxy to go through.
        ca_file: certificates in PEM that are trusted beside those of public authorities.
    """
    return httpx.AsyncHTTPTransport(verify=_certificates(ca_file), trust_env=False, proxy=proxy)


@cache
def _certificates(ca_file: str | None) -> ssl.SSLContext:
    # Made once: reading all authorities takes longer than a post.
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = (
                "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            )
            raise ConfigError(f"webhook ca_file {ca_file!r} is wrong: {reason}") from None
    return context


def post(
    webhook: WebhookSettings,
    message_id: str,
    event: Mapping[str, Any],
    *,
    clock: Clock = time.time,
    transport: Transports | None = None,
) -> DeliveryOutcome:
    """Post `event` once; never raises for what a receiver, a plugin or a setting does.

    Where a receiver refuses its content, it is posted again without its link: chat services do not
    take each of them, and refuse the whole message for one.

    Args:
        webhook: with its ``env:`` values read (`WebhookSettings.resolved`).
        message_id: the same on every attempt.
        clock: seconds since the epoch, for the timestamp header and a ``Retry-After`` date.
        transport: makes the transport; None for the one that the webhook asks for.
    """
    wires = transport or partial(plain_transport, webhook.proxy, webhook.ca_file)
    try:
        sent = _call_plugin("send_event", event=event, webhook=webhook, message_id=message_id)
        if sent is not None:
            return DeliveryOutcome(
                accepted=sent, error=None if sent else "the service refused it", busy=not sent
            )
        moment = int(clock())
        written = [_formatted(webhook, message_id, one, moment) for one in _forms(webhook, event)]
        return asyncio.run(_post_in_time(webhook, written, clock, wires))
    except ModeltapError as error:
        return DeliveryOutcome(error=str(error), busy=True)
    except TimeoutError:
        return DeliveryOutcome(error="timeout", busy=True)
    except httpx.ProxyError:
        return DeliveryOutcome(error="the proxy does not connect to it", busy=True)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return DeliveryOutcome(error=_described(error), busy=True)


def _forms(webhook: WebhookSettings, event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the event, and after it the one to try where its content is refused."""
    data = event.get("data") or {}
    if not (data.get("link") and webhook.link_may_be_left_out):
        return [event]
    return [event, {**event, "data": {**data, "link": None}}]


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
    written: Sequence[_Written],
    clock: Clock,
    transport: Transports,
) -> DeliveryOutcome:
    """Post the first of the written messages, and each next one where the last is refused."""
    # One bound on everything: httpx's own timeouts begin anew with every byte that drips in.
    async with asyncio.timeout(webhook.timeout_seconds):
        url = httpx.URL(webhook.url)
        addresses = _addresses(webhook, url)
        outcome = DeliveryOutcome()
        for one in written:
            outcome = await _post_to_any(addresses, webhook, url, one, clock, transport)
            if outcome.status not in _REFUSED:
                break
        return outcome


def _addresses(webhook: WebhookSettings, url: httpx.URL) -> list[str]:
    """Return the checked addresses to connect to; behind a proxy, which resolves names, the host.

    Raises `AddressError` for one that may not be reached.
    """
    if webhook.proxy:
        check_host(url.host, allow_private=webhook.allow_private)
        return [url.host]
    # Blocks this loop, which has nothing else to do; the lookup has its own time limit.
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
) -> DeliveryOutcome:
    share = webhook.timeout_seconds / len(addresses)
    for address in addresses[:-1]:
        try:
            return await _post_to(address, share, url, written, clock, transport)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue  # nothing was sent: the next address may be better
    return await _post_to(addresses[-1], share, url, written, clock, transport)


async def _post_to(
    address: str,
    connect_seconds: float,
    url: httpx.URL,
    written: _Written,
    clock: Clock,
    transport: Transports,
) -> DeliveryOutcome:
    """Post to the one address that was checked, with the name the receiver knows itself by.

    Only the status of the response is read: its body may have no end.
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
