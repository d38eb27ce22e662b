"""What masking may cost: a number of names and values for each exchange, and time for patterns."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

DEFAULT_BUDGET = 200_000
"""Names and values of one exchange: six times what 64 KiB of request and response can have."""

PATTERN_SECONDS = 0.25
"""How long an operator's own patterns may search one body: four times what a slow one takes for
64 KiB, and little enough for the process that writes to keep up."""

_REST = 10
"""After a search that took too long patterns rest ten times as long: one tenth of the time at most
goes into such searches."""


class Unmaskable(Exception):
    """There may be something sensitive in a text that cannot be told from the rest of it."""


class Budget:
    """Counts the names and values that are looked at for one exchange.

    >>> budget = Budget(2)
    >>> budget.spend(2), budget.steps
    (None, 2)
    >>> budget.spend()
    Traceback (most recent call last):
    modeltap.privacy.limits.Unmaskable: more than 2 names and values
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.steps = 0

    def begin(self) -> None:
        """Begin the next exchange."""
        self.steps = 0

    def spend(self, steps: int = 1) -> None:
        """Count `steps`; raises `Unmaskable` beyond the limit."""
        self.steps += steps
        if self.steps > self.limit:
            raise Unmaskable(f"more than {self.limit} names and values")


class Searches(Protocol):
    """Patterns of an operator; `current` is the one that is being searched."""

    current: str


class SlowPatterns:
    """Stops the search for an operator's patterns when it takes too long, and rests afterwards.

    While it rests each search is stopped at once: clients that know of a slow pattern could
    otherwise keep the process that writes busy.
    """

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._messages: list[str] = []
        self._rests_until = 0.0

    def messages(self) -> list[str]:
        """Return, once, the patterns that took too long."""
        messages, self._messages = self._messages, []
        return messages

    @contextlib.contextmanager
    def time_limit(self, *searches: Searches) -> Iterator[None]:
        """Raise `TimeoutError` in the block when one of `searches` takes too long.

        Only a signal interrupts a search in `re`, and only the main thread receives signals: in
        another thread there is no such limit.
        """
        if time.monotonic() < self._rests_until:
            raise TimeoutError
        try:
            with _alarm(PATTERN_SECONDS):
                yield
        except TimeoutError:
            self._rests_until = time.monotonic() + _REST * PATTERN_SECONDS
            self._note(next((search.current for search in searches if search.current), ""))
            raise

    def _note(self, pattern: str) -> None:
        if pattern and pattern not in self._named:
            self._named.add(pattern)
            self._messages.append(
                f"the pattern {pattern!r} took more than {PATTERN_SECONDS} s to search one body; "
                "such bodies are not stored (unmaskable)"
            )


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    handler = signal.signal(signal.SIGALRM, stop)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, remaining, interval)
        signal.signal(signal.SIGALRM, handler)
