"""A circuit breaker: pauses sending after several failures in a row."""

from __future__ import annotations

_FAILURES = 5
"""Failures in a row until sending is paused; a single slow response must not pause it."""

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
"""Each pause is twice as long as the one before, because the challenger may be down for long."""


class Breaker:
    """Pauses after failures in a row; then lets a single request try, and pauses again or not.

    >>> breaker = Breaker()
    >>> for _ in range(5):
    ...     breaker.failed(now=0.0)
    >>> breaker.allows(now=0.5), breaker.allows(now=1.0), breaker.allows(now=1.0)
    (False, True, False)
    >>> breaker.failed(now=2.0)
    >>> breaker.allows(now=3.9), breaker.allows(now=4.0)
    (False, True)
    >>> breaker.succeeded()
    >>> breaker.allows(now=4.1)
    True
    """

    def __init__(self) -> None:
        self.succeeded()

    def succeeded(self) -> None:
        """Note a response of the challenger; end the pause."""
        self._failures = 0
        self._pause = _FIRST_PAUSE_SECONDS
        self._until: float | None = None
        self._is_trying = False

    def failed(self, now: float) -> None:
        """Note a failure at `now`, in seconds of a monotonic clock."""
        self._failures += 1
        if self._is_trying:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        if self._is_trying or self._failures == _FAILURES:
            self._until, self._is_trying = now + self._pause, False

    def allows(self, now: float) -> bool:
        """Return True if a request may be sent now; after a pause, only one until it is settled."""
        if self._until is None:
            return True
        if self._is_trying or now < self._until:
            return False
        self._is_trying = True
        return True
