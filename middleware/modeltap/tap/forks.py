"""What must hear of it when this process forks, and when it ends."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from typing import Protocol


class Mortal(Protocol):
    """What has threads, pipes or processes that a fork copies in part, and an end may cut off."""

    def after_fork(self) -> None:
        """Begin anew, in the child."""

    def close(self, timeout: float = 5.0) -> None:
        """Bring to an end what is under way, in `timeout` seconds."""


def follow(one: Mortal) -> None:
    """Tell `one` of forks and of the end, as long as it lives."""
    _alive.add(one)


def end_with_a_child() -> None:
    """multiprocessing ends the children that it starts without `atexit`, by hooks of its own."""
    if "multiprocessing.process" in sys.modules:
        from multiprocessing.process import parent_process

        if parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, _at_exit, exitpriority=0)


def _after_fork() -> None:
    for one in list(_alive):
        one.after_fork()


def _at_exit() -> None:
    for one in list(_alive):
        one.close(timeout=5.0)


_alive: weakref.WeakSet[Mortal] = weakref.WeakSet()
os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
