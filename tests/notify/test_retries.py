"""The retry schedule: jitter, Retry-After within limits, and an end."""

from __future__ import annotations

import pytest

from modeltap.notify.retries import (
    MAX_AGE_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    RETRY_SECONDS,
    seconds_to_retry,
)


@pytest.mark.parametrize("attempts", range(1, len(RETRY_SECONDS) + 1))
def test_delays_follow_the_schedule_within_a_tenth(attempts):
    """So that the messages of an outage are not retried together."""
    waits = [seconds_to_retry(attempts, age=0.0) for _ in range(50)]
    planned = RETRY_SECONDS[attempts - 1]
    assert all(0.9 * planned <= wait <= 1.1 * planned for wait in waits)
    assert len(set(waits)) > 1


@pytest.mark.parametrize("asked", [0.0, 1.0, 600.0, 1e9])
def test_retry_after_can_lengthen_but_not_shorten_a_delay(asked):
    """Up to a day."""
    wait = seconds_to_retry(1, age=0.0, retry_after=asked)
    assert wait >= 0.9 * RETRY_SECONDS[0]
    assert wait >= min(asked, MAX_RETRY_AFTER_SECONDS)
    assert wait <= MAX_RETRY_AFTER_SECONDS


def test_a_message_is_given_up_after_the_last_attempt_or_when_it_is_too_old():
    last = len(RETRY_SECONDS)
    assert seconds_to_retry(last, age=0.0) is not None
    assert seconds_to_retry(last + 1, age=0.0) is None
    assert seconds_to_retry(1, age=MAX_AGE_SECONDS) is not None
    assert seconds_to_retry(1, age=MAX_AGE_SECONDS + 1) is None
