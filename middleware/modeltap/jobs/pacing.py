"""Throttle background analysis while other processes keep the CPUs busy.

A low priority is not enough: where two cores are threads of one, a process on the other slows an
app down, however nice it is. Nor are long rests between long stretches: while the analysis works
for a third of a second, an app at half load has its requests queue up. So it works for a few
milliseconds, and rests.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

_SLICE_SECONDS = 0.01
"""Work at a stretch, if an extension's code does not take longer: no request waits visibly."""

_RESTS = 2.0
"""Rest per work on a busy machine: a third of a core is left to the analysis at most."""

_LONGEST_REST_SECONDS = 2.0
"""A stretch that took long, in an extension's code, is not paid for with a rest without end."""

_BUSY_FRACTION = 0.25
"""A machine is busy when others take this fraction of all CPU time."""

_POLL_SECONDS = 0.25
"""Between two polls of the CPU times, which the kernel counts in hundredths of a second."""


class Pace:
    """Within it, the main thread rests after each slice of work while other processes are busy.

    Args:
        budget_seconds: the rest in all, for the whole pass has a time limit.
        connection: no rest while it is in a transaction: others wait for its write lock.
        sleep: a double in tests.
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
        # This clock counts CPU time: rest and waiting for the disk are no work.
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
    """The other processes: whether they kept the CPUs busy since the last poll."""

    def __init__(self) -> None:
        self._is_busy = False
        self._begin()

    def busy(self) -> bool:
        """Say whether they took a quarter of all CPU time, polled at most four times a second."""
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
