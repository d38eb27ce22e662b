"""The queue of a challenger: bounded by number and by bytes."""

from __future__ import annotations

import asyncio

from modeltap.shadowing.waiting_requests import WaitingRequests
from modeltap.writer.records import CapturedRecord
from modeltap.writer.shadow_outcomes import QUEUE_BYTES, QUEUE_REQUESTS


def record(size=10):
    return CapturedRecord("asgi", "m", request_body=bytes(size))


def test_it_is_bounded_by_bytes_and_has_space_again_after_a_record_is_taken():
    async def run():
        waiting = WaitingRequests(10, 40_000)
        reasons = [waiting.add(record(10_000)) for _ in range(4)]
        assert reasons == [None, None, None, QUEUE_BYTES]
        assert waiting.add(record(1)) is None  # a small one still fits
        assert len((await waiting.take()).request_body) == 10_000
        assert waiting.add(record(10_000)) is None

    asyncio.run(run())


def test_it_is_bounded_by_number():
    waiting = WaitingRequests(3, 10**9)
    assert [waiting.add(record()) for _ in range(4)] == [None, None, None, QUEUE_REQUESTS]
    assert len(waiting.clear()) == 3 and len(waiting) == 0


def test_several_takers_get_each_record_once():
    async def run():
        waiting = WaitingRequests(100, 10**9)
        takers = [asyncio.create_task(waiting.take()) for _ in range(5)]
        await asyncio.sleep(0)
        for size in range(5):
            waiting.add(record(size))
        return sorted(len(taken.request_body) for taken in await asyncio.gather(*takers))

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]
