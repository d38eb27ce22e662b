"""Rate, concurrency, outages and pauses, with a client whose replies are known."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import SimpleNamespace

import pytest

from modeltap.replaying import paced_sending
from modeltap.replaying.candidate_client import CandidateReply
from modeltap.replaying.paced_sending import PacedSending

UP = CandidateReply(None, status=200)
REFUSED = CandidateReply(None, error="connection refused", is_unreachable=True)
CLOSED = CandidateReply(None, error="connection closed", is_closed=True)
BUSY = CandidateReply(None, status=503, error="status 503", pause_seconds=0.0)


class Client:
    """Replies with what a script says for each attempt, the last one for all others."""

    def __init__(self, script, seconds=0.0):
        self.script = deque(script)
        self.seconds = seconds
        self.sent = []
        self.most = self.now = 0

    async def send(self, exchange):
        self.sent.append((exchange, time.monotonic()))
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        reply = self.script.popleft() if len(self.script) > 1 else self.script[0]
        return reply._replace(exchange=exchange)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(paced_sending, "_FIRST_WAIT_SECONDS", 0.001)


def run(client, requests, *, concurrency=3, rate=None, outage_seconds=5.0):
    sending = PacedSending(
        client, concurrency=concurrency, rate=rate, outage_seconds=outage_seconds
    )
    waiting = deque(requests)
    replies = []

    async def rounds():
        while waiting and sending.outage is None:
            replies.extend(await sending.send_round(waiting))

    asyncio.run(rounds())
    return SimpleNamespace(
        replies=[reply.exchange for reply in replies],
        errors=[reply.error for reply in replies],
        outage=sending.outage,
        waiting=list(waiting),
    )


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_each_request_is_sent_once_and_so_many_at_a_time(concurrency):
    client = Client([UP], seconds=0.001)
    done = run(client, range(40), concurrency=concurrency)
    assert sorted(done.replies) == list(range(40)) and done.waiting == []
    assert client.most == concurrency and len(client.sent) == 40


def test_a_rate_is_kept():
    """The last of n requests cannot be earlier than n - 1 intervals after the first."""
    client = Client([UP])
    run(client, range(20), concurrency=8, rate=100.0)
    times = [at for _, at in client.sent]
    assert times[-1] - times[0] >= 0.19


def test_replies_do_not_wait_for_the_turns_of_others(monkeypatch):
    """At a low rate, each is stored before the next one is sent."""
    monkeypatch.setattr(paced_sending, "_ROUND_SECONDS", 0.01)
    sending = PacedSending(Client([UP]), concurrency=4, rate=10.0, outage_seconds=1.0)
    waiting = deque(range(3))

    async def rounds():
        return [len(await sending.send_round(waiting)) for _ in range(3)]

    assert asyncio.run(rounds()) == [1, 1, 1]


def test_a_wrong_address_costs_one_request():
    client = Client([REFUSED])
    done = run(client, range(50))
    assert (done.outage, done.replies, len(client.sent)) == ("connection refused", [], 1)


def test_a_candidate_that_restarts_is_waited_for():
    """Requests that failed meanwhile are sent again; none is lost or answered twice."""
    client = Client([UP, UP, CLOSED, CLOSED, *[REFUSED] * 12, UP])
    done = run(client, range(30))
    assert sorted(done.replies) == list(range(30)) and done.outage is None
    assert set(done.errors) == {None}


def test_an_outage_that_lasts_ends_the_run():
    client = Client([UP, UP, REFUSED])
    done = run(client, range(30), outage_seconds=0.0)
    assert done.outage == "connection refused" and sorted(done.replies) == [0, 1]


def test_a_request_that_ends_the_candidate_does_not_stop_the_others():
    """Such as a request that makes a worker crash: its connection is closed each time."""

    class Fragile(Client):
        async def send(self, exchange):
            reply = await super().send(exchange)
            return CLOSED._replace(exchange=exchange) if exchange == 7 else reply

    client = Fragile([UP])
    done = run(client, range(20))
    assert sorted(done.replies) == list(range(20)) and done.outage is None
    assert done.errors.count("connection closed") == 1
    assert [exchange for exchange, _ in client.sent].count(7) == 3


def test_an_overloaded_candidate_gets_pauses():
    done = run(Client([UP, BUSY, BUSY, UP]), range(5), concurrency=1)
    assert done.errors == [None] * 5
    client = Client([BUSY])
    done = run(client, [1], concurrency=1)
    assert done.errors == ["status 503"] and len(client.sent) == 5
