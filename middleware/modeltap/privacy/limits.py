"""Limits of masking: the names and values per exchange, and the time to search patterns."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

DEFAULT_BUDGET = 200_000
"""Names and values per exchange: six times the maximum in 64 KiB of request and response."""

_MAX_INFLATED_BYTES = 8 * 1024 * 1024
"""Decompressed bytes per exchange: both bodies at their largest, on four levels of nesting. An
archive of archives of archives could otherwise hold a hundred thousand times its size."""

PATTERN_SECONDS = 0.25
"""The processor time for searching one body for custom patterns: four times what a slow pattern
takes for 64 KiB, and short enough for the writer process to keep up."""

_PAUSE_FACTOR = 10
"""After a search that timed out, searches pause for ten times the limit, so that at most a tenth
of the time is spent on such searches."""


class Unmaskable(Exception):
    """A text may contain sensitive data that cannot be separated from the rest."""


class Budget:
    """Counts the names and values that are checked for one exchange, and its decompressed bytes.

    >>> budget = Budget(2)
    >>> budget.spend(2), budget.steps
    (None, 2)
    >>> budget.spend()
    Traceback (most recent call last):
    modeltap.privacy.limits.Unmaskable: more than 2 names and values
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.begin()

    def begin(self) -> None:
        """Reset the counts for the next exchange."""
        self.steps = 0
        self._inflated = 0

    def spend(self, steps: int = 1) -> None:
        """Count `steps`; raises `Unmaskable` beyond the limit."""
        self.steps += steps
        if self.steps > self.limit:
            raise Unmaskable(f"more than {self.limit} names and values")

    def spend_inflated(self, size: int) -> None:
        """Count `size` bytes that were decompressed; raises `Unmaskable` beyond the limit."""
        self._inflated += size
        if self._inflated > _MAX_INFLATED_BYTES:
            raise Unmaskable(f"more than {_MAX_INFLATED_BYTES:,} decompressed bytes")


class Searches(Protocol):
    """Custom patterns of an operator; `current` is the pattern being searched."""

    current: str


class SlowPatterns:
    """Stops searches for custom patterns that take too long, and pauses searching afterwards.

    During a pause every search fails at once. Otherwise clients that know a slow pattern could
    keep the writer process busy.
    """

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._messages: list[str] = []
        self._paused_until = 0.0

    def messages(self) -> list[str]:
        """Return messages about patterns that took too long; each is returned once."""
        messages, self._messages = self._messages, []
        return messages

    @contextlib.contextmanager
    def time_limit(self, *searches: Searches) -> Iterator[None]:
        """Raise `TimeoutError` in the block if one of `searches` takes too long.

        Only a signal interrupts a search in `re`, and only the main thread receives signals, so
        there is no limit in other threads. Time in which other processes have the CPU is not
        counted: on a busy machine each pattern would be slow.
        """
        if time.monotonic() < self._paused_until:
            raise TimeoutError
        try:
            with _alarm(PATTERN_SECONDS):
                yield
        except TimeoutError:
            self._paused_until = time.monotonic() + _PAUSE_FACTOR * PATTERN_SECONDS
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

    handler = signal.signal(signal.SIGVTALRM, stop)
    remaining, interval = signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, remaining, interval)
        signal.signal(signal.SIGVTALRM, handler)
