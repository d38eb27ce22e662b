"""Sends one stored request to a candidate, and returns its response or the reason of a failure."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

import httpx

from modeltap import clock
from modeltap.notify.http import retry_after
from modeltap.replaying.candidate_address import CandidateAddress
from modeltap.replaying.sendable_requests import body_of, headers_of
from modeltap.store.stored_exchanges import StoredExchange

MARK_HEADER = "x-modeltap-replay"
"""The header that tells a candidate from real traffic; its value is the candidate's name."""

MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""The longest response: a longer one holds no prediction, and would fill the memory."""

_BUSY = (429, 503)
"""Statuses of a candidate that asks for a pause."""


class CandidateReply(NamedTuple):
    """The response to one request.

    Args:
        status: the HTTP status; None without a response.
        duration_ms: until the end of the response; None without a response.
        error: why there is no usable response, before it is decoded.
        is_unreachable: True if no connection was possible; nothing was sent.
        is_closed: True if the connection was closed before the end of the response.
        pause_seconds: how long an overloaded candidate asks to wait; None if it does not.
        sent_at: the time of the request, as `clock.iso`.
    """

    exchange: StoredExchange
    status: int | None = None
    duration_ms: float | None = None
    error: str | None = None
    is_unreachable: bool = False
    is_closed: bool = False
    pause_seconds: float | None = None
    sent_at: str = ""
    type: str | None = None
    encoding: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class CandidateClient:
    """Connections to one candidate. Environment variables for proxies are ignored.

    Args:
        name: the candidate's name, sent in the header `MARK_HEADER`.
        headers: further headers of all requests, which replace those of the stored request.
        timeout_seconds: the limit from the connection to the end of the response.
        connections: the maximum number of connections.
    """

    def __init__(
        self,
        address: CandidateAddress,
        *,
        name: str,
        headers: Mapping[str, str],
        timeout_seconds: float,
        connections: int,
    ) -> None:
        self._address = address
        self._timeout = timeout_seconds
        self._own = {
            "accept": "*/*",
            "accept-encoding": "identity",
            MARK_HEADER: quote(name),
            **{key.lower(): value for key, value in headers.items()},
        }
        if address.user is not None and "authorization" not in self._own:
            request = httpx.Request("GET", "http://localhost")
            next(httpx.BasicAuth(*address.user).sync_auth_flow(request))
            self._own["authorization"] = request.headers["authorization"]
        # A transport instead of a client, because a client logs each URL and has cookies.
        self._transport = httpx.AsyncHTTPTransport(
            verify=httpx.create_ssl_context(trust_env=True),
            trust_env=False,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def send(self, exchange: StoredExchange) -> CandidateReply:
        """Send the request of an exchange once; failures are returned, not raised."""
        reply = CandidateReply(exchange, sent_at=clock.now())
        started = time.perf_counter()
        try:
            # One overall timeout, because httpx's timeouts restart with each received byte.
            async with asyncio.timeout(self._timeout):
                return await self._sent(reply, started)
        except TimeoutError:
            return reply._replace(error="timeout")
        except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError):
            return reply._replace(error="request not valid in HTTP")
        except (httpx.HTTPError, OSError) as error:
            reason = _failure(error)
            return reply._replace(
                error=reason,
                is_unreachable=reason in (_REFUSED, _FAILED, _TLS),
                is_closed=reason == _CLOSED,
            )

    async def _sent(self, reply: CandidateReply, started: float) -> CandidateReply:
        response = await self._response(reply.exchange)
        body = bytearray()
        reply = reply._replace(status=response.status_code)
        try:
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_RESPONSE_BYTES:
                    limit = f"{MAX_RESPONSE_BYTES // 2**20} MB"
                    return reply._replace(error=f"response larger than {limit}")
        finally:
            await response.aclose()
        return reply._replace(
            duration_ms=(time.perf_counter() - started) * 1000,
            error=_refusal(response),
            pause_seconds=_pause(response),
            type=response.headers.get("content-type"),
            encoding=response.headers.get("content-encoding", ""),
            headers=dict(response.headers),
            body=bytes(body),
        )

    async def _response(self, exchange: StoredExchange) -> httpx.Response:
        """Return the response of the first address that accepts a connection."""
        addresses: Sequence[str] = self._address.addresses
        for ip in addresses[:-1]:
            try:
                return await self._transport.handle_async_request(self._request(exchange, ip))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent, so the next address can be tried
        return await self._transport.handle_async_request(self._request(exchange, addresses[-1]))

    def _request(self, exchange: StoredExchange, ip: str) -> httpx.Request:
        """Return the request, to a checked address, with the host's name for TLS and Host."""
        at = self._address
        target = at.target(exchange.path or "/", exchange.query)
        url = httpx.URL(scheme=at.scheme, host=ip, port=at.port, raw_path=target)
        headers = {**dict(headers_of(exchange)), **self._own, "host": at.netloc}
        extensions = {"sni_hostname": at.host, "timeout": {"connect": self._timeout}}
        return httpx.Request(
            exchange.method or "POST",
            url,
            content=body_of(exchange),
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            extensions=extensions,
        )


def _refusal(response: httpx.Response) -> str | None:
    """Return why a complete response cannot have predictions; None if it may have some."""
    status = response.status_code
    if 300 <= status < 400:
        return f"redirect, not followed (status {status})"
    if status >= 400:
        return f"status {status}"
    if response.headers.get("content-type", "").lower().startswith("text/html"):
        return "response is an HTML page"
    return None


def _pause(response: httpx.Response) -> float | None:
    if response.status_code not in _BUSY:
        return None
    return retry_after(response.headers.get("retry-after"), time.time()) or 0.0


_TLS = "TLS or certificate error"
_REFUSED = "connection refused"
_CLOSED = "connection closed"
_FAILED = "connection failed"


def _failure(error: Exception) -> str:
    """Describe a failed connection without the error's own message, which may quote the URL."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, ssl.SSLError):
            return _TLS
        if isinstance(chain, ConnectionRefusedError):
            return _REFUSED
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, httpx.RemoteProtocolError):
        # Without a single byte the server has closed the connection; else it sent something else.
        closed = "disconnected" in str(error) or "closed" in str(error)
        return _CLOSED if closed else "response is not HTTP"
    if isinstance(error, httpx.ConnectError | httpx.TimeoutException):
        return _FAILED
    return _CLOSED
