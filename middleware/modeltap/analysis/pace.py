"""How fast an analysis in the background goes: at ease where others want the processors.

A low priority is not enough: where two cores are threads of one, whatever runs on the other slows
an app down, however nice it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

Rest = Callable[[], None]

_BUSY_SHARE = 0.25
"""So much of all processors' time that others take makes a machine busy."""

_RESTS = 2.0
"""On a busy machine the analysis rests so many times as long as it works."""

_LONGEST_REST_SECONDS = 2.0


def no_rest() -> None:
    """Go on at once."""


class Pace:
    """Rests between pieces of work, in proportion, while other processes are busy.

    Args:
        budget_seconds: how much rest there may be in all, for there is a limit to the whole pass.
        sleep: tests give a double.
    """

    def __init__(self, budget_seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._budget = budget_seconds
        self._sleep = sleep
        self._begin()

    def rest(self) -> None:
        """Rest after a piece of work, if others are busy; outside any transaction."""
        worked = time.monotonic() - self._began
        others = _busy_seconds() - self._busy - (time.process_time() - self._own)
        if others > _BUSY_SHARE * worked * (os.cpu_count() or 1):
            length = min(worked * _RESTS, _LONGEST_REST_SECONDS, self._budget)
            self._budget -= length
            self._sleep(length)
        self._begin()

    def _begin(self) -> None:
        self._began, self._own = time.monotonic(), time.process_time()
        self._busy = _busy_seconds()


def _busy_seconds() -> float:
    """Return the seconds that all processors worked since the machine started; 0 if unknown."""
    try:
        with Path("/proc/stat").open() as file:
            user, nice, system, _, _, irq, soft, *_ = map(int, file.readline().split()[1:])
    except (OSError, ValueError):
        return 0.0
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
