"""A challenger of one model: several requests at a time, a pause after failures, a bounded end."""

from __future__ import annotations

import asyncio
from collections import Counter

from challengers import challenging
from modeltap.config.improving.shadow_settings import parse_shadow
from modeltap.shadowing.challenger import Challenger
from modeltap.writer.records import CapturedRecord
from modeltap.writer.shadow_feed import ChosenModel
from modeltap.writer.shadow_outcomes import CONNECTION_FAILED, ENDED, PAUSED, QUEUE_REQUESTS

OF = ChosenModel("m", "", "shadow")


def run(url, requests, until, **options):
    """Send `requests` records; stop once `until` holds for the outcomes; return them."""

    async def main():
        outcomes: Counter[str] = Counter()

        async def keep(answer):
            outcomes[answer.response.reason or "answered"] += 1

        def count(of, outcome, number):
            outcomes[outcome] += number

        shadow = parse_shadow({"url": url, "allow_private": True, **options})
        challenger = Challenger(OF, shadow, 65_536, keep, count)
        for _ in range(requests):
            challenger.add(
                CapturedRecord("asgi", "m", method="POST", path="/", request_body=b'{"x": 1}')
            )
        while not until(outcomes):
            await asyncio.sleep(0.01)
        await challenger.close()
        return outcomes

    return asyncio.run(main())


def test_each_request_is_answered():
    with challenging() as server:
        outcomes = run(server.url, 50, lambda outcomes: outcomes.total() == 50)
    assert outcomes == {"answered": 50}


def test_a_challenger_that_is_down_is_paused():
    """Each connection may have one request under way when the pause begins."""
    outcomes = run("http://127.0.0.1:9", 500, lambda outcomes: outcomes.total() == 500)
    assert outcomes.keys() == {CONNECTION_FAILED, PAUSED}
    assert 5 <= outcomes[CONNECTION_FAILED] < 5 + 4 + 20  # and a few tries after each second


def test_a_full_queue_and_the_end_are_counted():
    """Nothing is lost without a reason."""
    with challenging("never") as server:
        outcomes = run(
            server.url,
            30,
            lambda outcomes: len(server.received) == 2,
            concurrency=2,
            max_queue_requests=10,
        )
    assert outcomes == {QUEUE_REQUESTS: 20, ENDED: 10}
