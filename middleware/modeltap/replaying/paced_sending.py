"""Sends requests to a candidate: a few at a time, at a limited rate, through short outages."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from modeltap.replaying.candidate_client import CandidateClient, CandidateReply
from modeltap.store.stored_exchanges import StoredExchange

_ROUND_SECONDS = 1.0
"""How long requests are sent before their responses are stored. Meanwhile none is on its way, so
that storing takes no part in their durations."""

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 2.0
"""Waiting times between attempts; each is twice as long as the one before."""

_MOST_CLOSED = 3
"""Attempts of a request whose connection is closed: the candidate may restart, or the request may
end it."""

_MOST_PAUSES = 5
"""Attempts of a request that an overloaded candidate refuses."""

_MOST_PAUSE_SECONDS = 30.0
"""The longest pause that an overloaded candidate gets."""


class PacedSending:
    """Sends requests and repeats those that fail during an outage.

    `outage` is set when sending has ended because of one; `replies` has the replies of the current
    round, also when it was interrupted.

    Args:
        concurrency: the number of requests on their way at a time.
        rate: requests per second; None for as many as the candidate answers.
        outage_seconds: how long a candidate that has answered before may be unreachable.
    """

    def __init__(
        self,
        client: CandidateClient,
        *,
        concurrency: int,
        rate: float | None,
        outage_seconds: float,
    ) -> None:
        self.outage: str | None = None
        self.replies: list[CandidateReply] = []
        self._client = client
        self._concurrency = concurrency
        self._interval = 1 / rate if rate else 0.0
        self._outage_seconds = outage_seconds
        self._next_at = 0.0
        self._paused_until = 0.0
        self._has_answered = False
        self._down_since: float | None = None

    async def send_round(self, requests: deque[StoredExchange]) -> list[CandidateReply]:
        """Send requests for about a second and take them from `requests`; return the replies.

        The first request is sent alone, so that a wrong URL costs one request. Requests that an
        outage interrupted have no reply.
        """
        self.replies = []
        await asyncio.sleep(max(0.0, self._next_at - time.monotonic()))
        end = time.monotonic() + _ROUND_SECONDS
        if not self._has_answered:
            await self._work(requests, end, most=1)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._work(requests, end))
        return self.replies

    async def _work(
        self, requests: deque[StoredExchange], end: float, most: int | None = None
    ) -> None:
        """Send requests one after the other until the round ends, or `most` of them."""
        while requests and self.outage is None and most != 0:
            if max(self._next_at, time.monotonic()) >= end:
                return  # its turn is in a later round, and the replies of this one do not wait
            await self._wait_for_turn()
            if not requests:  # others have sent the last one meanwhile
                return
            reply = await self._send(requests.popleft())
            if reply is not None:
                self.replies.append(reply)
            most = most and most - 1

    async def _wait_for_turn(self) -> None:
        """Wait for the request's turn by the rate, and for the end of a pause."""
        if self._interval:
            now = time.monotonic()
            turn = max(self._next_at, now)
            self._next_at = turn + self._interval
            await asyncio.sleep(turn - now)
        while (pause := self._paused_until - time.monotonic()) > 0:
            await asyncio.sleep(pause)

    async def _send(self, exchange: StoredExchange) -> CandidateReply | None:
        """Send a request until it is answered; None if an outage ends the run."""
        wait, closed, pauses = _FIRST_WAIT_SECONDS, 0, 0
        while True:
            reply = await self._client.send(exchange)
            if reply.is_unreachable:
                if self._is_over(reply.error):
                    return None
                await asyncio.sleep(wait)
            else:
                self._down_since = None
                self._has_answered |= reply.status is not None
                closed += reply.is_closed
                pauses += reply.pause_seconds is not None
                if closed < _MOST_CLOSED and reply.is_closed:
                    await asyncio.sleep(wait)
                elif pauses < _MOST_PAUSES and reply.pause_seconds is not None:
                    await self._pause(max(reply.pause_seconds, wait))
                else:
                    return reply
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Pause all requests, at most half a minute."""
        until = time.monotonic() + min(seconds, _MOST_PAUSE_SECONDS)
        self._paused_until = max(self._paused_until, until)
        await self._wait_for_turn()

    def _is_over(self, failure: str | None) -> bool:
        """Note an outage; return True if it lasts too long, or is there from the beginning."""
        now = time.monotonic()
        if self._down_since is None:
            self._down_since = now
        allowed = self._outage_seconds if self._has_answered else 0.0
        if self.outage is None and now - self._down_since >= allowed:
            self.outage = failure
        return self.outage is not None
