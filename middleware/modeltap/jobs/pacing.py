"""Throttle background analysis while other processes keep the CPUs busy.

A low priority is not enough: if two logical CPUs share a core, a process on one slows down the
other regardless of its niceness. Long pauses between long runs are not enough either: while the
analysis runs for a third of a second, the requests of an app at half load queue up. The analysis
therefore runs for a few milliseconds at a time.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

_SLICE_SECONDS = 0.01
"""Length of a slice of work, short enough not to delay requests noticeably.

A single call into an extension module may take longer.
"""

_RESTS = 2.0
"""Ratio of rest to work on a busy machine: the analysis uses at most a third of a core."""

_LONGEST_REST_SECONDS = 2.0
"""Upper limit of a rest, for long slices of work in an extension module."""

_BUSY_FRACTION = 0.25
"""A machine is busy if other processes use this fraction of its CPU time."""

_POLL_SECONDS = 0.25
"""Interval between reads of the CPU times, which the kernel counts in hundredths of a second."""


class Pace:
    """A context in which the main thread rests after each slice of work on a busy machine.

    Args:
        budget_seconds: the total rest, because the pass has a time limit.
        connection: no rest during its transactions, because others wait for its write lock.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        budget_seconds: float,
        connection: sqlite3.Connection | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._budget = budget_seconds
        self._connection = connection
        self._sleep = sleep
        self._neighbours = _Neighbours()

    def __enter__(self) -> Pace:
        self._worked = time.process_time()
        # ITIMER_PROF counts CPU time, so rests and waiting for the disk do not count as work.
        self._before = signal.signal(signal.SIGPROF, lambda *_: self._rest())
        signal.setitimer(signal.ITIMER_PROF, _SLICE_SECONDS, _SLICE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)

    def _rest(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            return
        now = time.process_time()
        length = min((now - self._worked) * _RESTS, _LONGEST_REST_SECONDS, self._budget)
        self._worked = now
        if length > 0 and self._neighbours.busy():
            self._budget -= length
            self._sleep(length)


class _Neighbours:
    """CPU usage of the other processes on this machine."""

    def __init__(self) -> None:
        self._is_busy = False
        self._begin()

    def busy(self) -> bool:
        """Return True if they used a quarter of the CPU time since the last poll."""
        passed = time.monotonic() - self._began
        if passed >= _POLL_SECONDS:
            others = _busy_seconds() - self._all - (time.process_time() - self._own)
            self._is_busy = others > _BUSY_FRACTION * passed * (os.cpu_count() or 1)
            self._begin()
        return self._is_busy

    def _begin(self) -> None:
        self._began, self._own, self._all = time.monotonic(), time.process_time(), _busy_seconds()


def _busy_seconds() -> float:
    """Return the CPU seconds of all processes since the machine started; 0 if unknown."""
    try:
        with Path("/proc/stat").open() as file:
            user, nice, system, _, _, irq, soft, *_ = map(int, file.readline().split()[1:])
    except (OSError, ValueError):
        return 0.0
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
