"""Retries: a schedule with jitter, a receiver's wish within bounds, and an end."""

from __future__ import annotations

import pytest

from modeltap.notify.retries import (
    MAX_AGE_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    RETRY_SECONDS,
    seconds_to_retry,
)


@pytest.mark.parametrize("attempts", range(1, len(RETRY_SECONDS) + 1))
def test_each_attempt_waits_as_planned_give_or_take_a_tenth(attempts):
    """Messages of one outage do not all come back at once."""
    waits = [seconds_to_retry(attempts, age=0.0) for _ in range(50)]
    planned = RETRY_SECONDS[attempts - 1]
    assert all(0.9 * planned <= wait <= 1.1 * planned for wait in waits)
    assert len(set(waits)) > 1


@pytest.mark.parametrize("asked", [0.0, 1.0, 600.0, 1e9])
def test_a_receiver_may_ask_for_more_time_but_not_for_less(asked):
    """At most for a day."""
    wait = seconds_to_retry(1, age=0.0, retry_after=asked)
    assert wait >= 0.9 * RETRY_SECONDS[0]
    assert wait >= min(asked, MAX_RETRY_AFTER_SECONDS)
    assert wait <= MAX_RETRY_AFTER_SECONDS


def test_a_message_is_given_up_after_the_last_attempt_or_when_it_is_too_old():
    """Every message has an end."""
    last = len(RETRY_SECONDS)
    assert seconds_to_retry(last, age=0.0) is not None
    assert seconds_to_retry(last + 1, age=0.0) is None
    assert seconds_to_retry(1, age=MAX_AGE_SECONDS) is not None
    assert seconds_to_retry(1, age=MAX_AGE_SECONDS + 1) is None
