"""How fast an analysis in the background goes: at ease where others want the processors.

A low priority is not enough: where two cores are threads of one, whatever runs on the other slows
an app down, however nice it is. Nor is rest now and then: while a third of a second is worked, an
app at half load has its requests queue up. So it is a few milliseconds of work, and rest.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

_SLICE_SECONDS = 0.01
"""So long is worked at a stretch, if an extension's code does not take longer."""

_RESTS = 2.0
"""On a busy machine the analysis rests so many times as long as it works."""

_LONGEST_REST_SECONDS = 2.0

_BUSY_SHARE = 0.25
"""So much of all processors' time that others take makes a machine busy."""

_LOOK_SECONDS = 0.25
"""So often is asked how busy it is: the kernel counts in hundredths of a second."""


class Pace:
    """Within it, the main thread rests after each slice of work while other processes are busy.

    Args:
        budget_seconds: how much rest there may be in all, for there is a limit to the whole pass.
        may_rest: asked before; who holds a lock that others wait for must go on.
        sleep: tests give a double.
    """

    def __init__(
        self,
        budget_seconds: float,
        may_rest: Callable[[], bool] = lambda: True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._budget = budget_seconds
        self._may_rest = may_rest
        self._sleep = sleep
        self._neighbours = _Neighbours()

    def __enter__(self) -> Pace:
        self._worked = time.process_time()
        # This clock runs while the process does: rest and waiting for the disk are no work.
        self._before = signal.signal(signal.SIGPROF, lambda *_: self._rest())
        signal.setitimer(signal.ITIMER_PROF, _SLICE_SECONDS, _SLICE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)

    def _rest(self) -> None:
        if not self._may_rest():
            return
        now = time.process_time()
        length = min((now - self._worked) * _RESTS, _LONGEST_REST_SECONDS, self._budget)
        self._worked = now
        if length > 0 and self._neighbours.busy():
            self._budget -= length
            self._sleep(length)


class _Neighbours:
    """Tells whether other processes kept the processors busy of late."""

    def __init__(self) -> None:
        self._is_busy = False
        self._begin()

    def busy(self) -> bool:
        passed = time.monotonic() - self._began
        if passed >= _LOOK_SECONDS:
            others = _busy_seconds() - self._all - (time.process_time() - self._own)
            self._is_busy = others > _BUSY_SHARE * passed * (os.cpu_count() or 1)
            self._begin()
        return self._is_busy

    def _begin(self) -> None:
        self._began, self._own, self._all = time.monotonic(), time.process_time(), _busy_seconds()


def _busy_seconds() -> float:
    """Return the seconds that all processors worked since the machine started; 0 if unknown."""
    try:
        with Path("/proc/stat").open() as file:
            user, nice, system, _, _, irq, soft, *_ = map(int, file.readline().split()[1:])
    except (OSError, ValueError):
        return 0.0
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
