"""Limits of masking."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from modeltap.privacy.limits import PATTERN_SECONDS, Budget, SlowPatterns, Unmaskable
from modeltap.privacy.sensitive.custom_patterns import CustomPatterns

SLOW, TEXT = "(a+)+$", "a" * 40 + "!"


def test_the_budget_is_reset_for_each_exchange():
    budget = Budget(3)
    budget.spend(3)
    with pytest.raises(Unmaskable):
        budget.spend()
    budget.begin()
    assert budget.steps == 0 and budget.spend(2) is None


def test_decompressed_bytes_are_limited_for_each_exchange():
    budget = Budget(3)
    for _ in range(2):
        budget.spend_inflated(8 * 1024 * 1024)
        with pytest.raises(Unmaskable, match="8,388,608 decompressed bytes"):
            budget.spend_inflated(1)
        budget.begin()


def test_a_slow_pattern_is_stopped_logged_once_and_paused():
    slow, patterns = SlowPatterns(), CustomPatterns(["x", SLOW])
    for _ in range(2):
        with pytest.raises(TimeoutError), slow.time_limit(patterns):
            patterns.match_any(TEXT)
    (message,) = slow.messages()
    assert SLOW in message and slow.messages() == []
    with pytest.raises(TimeoutError), slow.time_limit(patterns):
        patterns.match_any("x")  # which takes no time


def test_a_search_that_waits_for_the_cpu_is_not_stopped():
    """On a busy machine other processes may have it for longer than the limit."""
    with SlowPatterns().time_limit(CustomPatterns(["x"])):
        time.sleep(2 * PATTERN_SECONDS)


def test_an_existing_alarm_is_restored():
    before = signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_VIRTUAL, 100)
    try:
        with SlowPatterns().time_limit(CustomPatterns(["x"])):
            assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] <= 2 * PATTERN_SECONDS
        assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 1
        assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_IGN
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_a_thread_has_neither_a_time_limit_nor_an_error():
    matches = []

    def search():
        with SlowPatterns().time_limit(CustomPatterns(["x"])):
            matches.append(re.search("x", "x"))

    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert matches[0]
