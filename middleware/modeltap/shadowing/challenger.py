"""A challenger of one model: a bounded queue, a breaker, and a few requests at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from modeltap import clock
from modeltap.config.improving.shadow_settings import ShadowSettings
from modeltap.shadowing.breaker import Breaker
from modeltap.shadowing.challenger_call import ChallengerCall, ChallengerResponse
from modeltap.shadowing.waiting_requests import WaitingRequests
from modeltap.writer.records import CapturedRecord
from modeltap.writer.shadow_feed import ChosenModel
from modeltap.writer.shadow_outcomes import ENDED, PAUSED


class ChallengerAnswer(NamedTuple):
    """A record, and the challenger's response to its request, sent at `sent_at` (`clock.iso`)."""

    of: ChosenModel
    record: CapturedRecord
    response: ChallengerResponse
    sent_at: str


KeepAnswer = Callable[[ChallengerAnswer], Awaitable[None]]
"""Stores an answer; waits while too many answers are waiting."""

CountOutcome = Callable[[ChosenModel, str, int], None]
"""Counts a number of requests with the same outcome."""


class Challenger:
    """Sends the requests of one model to its challenger.

    Args:
        of: the model and the candidate's name.
        shadow: the options, with the ``env:`` value resolved.
        max_bytes: the longest response.
        keep: receives each response, and each failed request.
        count: receives the outcome of requests that are not sent.
    """

    def __init__(
        self,
        of: ChosenModel,
        shadow: ShadowSettings,
        max_bytes: int,
        keep: KeepAnswer,
        count: CountOutcome,
    ) -> None:
        self._of = of
        self._keep = keep
        self._count = count
        self._waiting = WaitingRequests(shadow.max_queue_requests, shadow.max_queue_bytes)
        self._breaker = Breaker()
        self._call = ChallengerCall(shadow, max_bytes)
        self._busy = 0
        self._workers = [
            asyncio.get_running_loop().create_task(self._work()) for _ in range(shadow.concurrency)
        ]

    @property
    def is_idle(self) -> bool:
        """True if no request waits or is being sent."""
        return not self._waiting and not self._busy

    def add(self, record: CapturedRecord) -> None:
        """Queue a request, or count why it is lost."""
        reason = self._waiting.add(record)
        if reason is not None:
            self._count(self._of, reason, 1)

    async def close(self) -> None:
        """Stop sending; count the requests that were not sent or not answered."""
        self._count_ended(len(self._waiting.clear()))
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._call.close()

    async def _work(self) -> None:
        while True:
            record = await self._waiting.take()
            if not self._breaker.allows(time.monotonic()):
                self._count(self._of, PAUSED, 1)
                continue
            self._busy += 1
            try:
                await self._send(record)
            except BaseException:
                self._count_ended(1)
                raise
            finally:
                self._busy -= 1

    async def _send(self, record: CapturedRecord) -> None:
        sent_at = clock.now()
        response = await self._call.send(record)
        if response.is_failure:
            self._breaker.failed(time.monotonic())
        else:
            self._breaker.succeeded()
        await self._keep(ChallengerAnswer(self._of, record, response, sent_at))

    def _count_ended(self, count: int) -> None:
        if count:
            self._count(self._of, ENDED, count)
