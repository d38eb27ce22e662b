"""The retry schedule of messages."""

from __future__ import annotations

import random

from modeltap import clock

RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The schedule of Standard Webhooks: 5 s after the first attempt, then 5 min, ... up to a day."""

MAX_RETRY_AFTER_SECONDS = clock.DAY
"""Maximum delay that a receiver may request with ``Retry-After``."""

MAX_AGE_SECONDS = (len(RETRY_SECONDS) + 1) * MAX_RETRY_AFTER_SECONDS
"""Maximum age of a pending message: all attempts, each delayed by the maximum."""

_JITTER = 0.1
"""Random variation of the delays, so that the messages of an outage are not retried together."""


def seconds_to_retry(attempts: int, age: float, retry_after: float | None = None) -> float | None:
    """Return the seconds until the next attempt; None if the message is given up.

    Args:
        attempts: the number of failed attempts.
        age: seconds since the message was enqueued.
        retry_after: the delay in seconds that the receiver requested.

    >>> 4.5 <= seconds_to_retry(1, age=0) <= 5.5, seconds_to_retry(1, age=0, retry_after=60)
    (True, 60)
    >>> seconds_to_retry(10, age=300_000) is None
    True
    """
    if attempts > len(RETRY_SECONDS) or age > MAX_AGE_SECONDS:
        return None
    wait = RETRY_SECONDS[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)
    return max(wait, min(retry_after or 0.0, MAX_RETRY_AFTER_SECONDS))
