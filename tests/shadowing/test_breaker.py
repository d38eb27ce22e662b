"""The breaker: a challenger that fails is left alone for a while."""

from __future__ import annotations

from modeltap.shadowing.breaker import Breaker


def test_single_failures_pause_nothing():
    breaker = Breaker()
    for moment in range(100):
        breaker.failed(float(moment))
        breaker.failed(float(moment))
        breaker.succeeded()
        assert breaker.allows(float(moment))


def test_each_pause_is_longer_up_to_a_minute():
    """One request tries after each pause; a success ends it all."""
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(5):
        breaker.failed(now)
    for _ in range(8):
        began = now
        while not breaker.allows(now):
            now += 0.25
        assert not breaker.allows(now)
        pauses.append(now - began)
        breaker.failed(now)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    while not breaker.allows(now):
        now += 0.25
    breaker.succeeded()
    assert all(breaker.allows(now) for _ in range(9))


def test_failures_of_requests_that_were_already_sent_do_not_prolong_a_pause():
    """With several connections, they arrive after the pause has begun."""
    breaker = Breaker()
    for moment in range(9):
        breaker.failed(float(moment))
    assert breaker.allows(5.0)
