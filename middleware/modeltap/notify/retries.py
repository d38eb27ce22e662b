"""Retries: when a message is tried again, and when it is given up."""

from __future__ import annotations

import random

from modeltap import clock

RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Standard Webhooks' schedule: after the first attempt 5 s, 5 min, ... up to a day."""

MAX_RETRY_AFTER_SECONDS = clock.DAY
"""A receiver may ask for a day at most; also bounds how long a message can be pending: ten of
these."""

MAX_AGE_SECONDS = (len(RETRY_SECONDS) + 1) * MAX_RETRY_AFTER_SECONDS

_JITTER = 0.1
"""Retries vary by a tenth, so that the messages of one outage do not all come back at once."""


def seconds_to_retry(attempts: int, age: float, retry_after: float | None = None) -> float | None:
    """Return the seconds until a message is tried again; None when it is given up.

    Args:
        attempts: how many failed, the last one included.
        age: seconds since the message was enqueued.
        retry_after: seconds that the receiver asked for.

    >>> 4.5 <= seconds_to_retry(1, age=0) <= 5.5, seconds_to_retry(1, age=0, retry_after=60)
    (True, 60)
    >>> seconds_to_retry(10, age=300_000) is None
    True
    """
    if attempts > len(RETRY_SECONDS) or age > MAX_AGE_SECONDS:
        return None
    wait = RETRY_SECONDS[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)
    return max(wait, min(retry_after or 0.0, MAX_RETRY_AFTER_SECONDS))
