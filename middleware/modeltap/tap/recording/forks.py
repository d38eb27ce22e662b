"""Hooks for forks and the end of this process, for owners of threads, pipes or children."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from typing import Protocol


class Forkable(Protocol):
    """An owner of threads, pipes or child processes.

    A fork copies memory and pipes, but neither threads nor child processes; the end of a process
    interrupts running work.
    """

    def after_fork(self) -> None:
        """Reset the state in the forked child."""

    def close(self, timeout: float = 5.0) -> None:
        """Finish running work within `timeout` seconds."""


def follow(owner: Forkable) -> None:
    """Call `owner.after_fork` in each forked child and `owner.close` at exit, if still alive."""
    _owners.add(owner)


def close_with_multiprocessing() -> None:
    """Close the owners at the end of a `multiprocessing` child, which skips `atexit`."""
    if "multiprocessing.process" in sys.modules:
        from multiprocessing.process import parent_process

        if parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, _close_all, exitpriority=0)


def _after_fork() -> None:
    for owner in list(_owners):
        owner.after_fork()


def _close_all() -> None:
    for owner in list(_owners):
        owner.close(timeout=5.0)


_owners: weakref.WeakSet[Forkable] = weakref.WeakSet()
os.register_at_fork(after_in_child=_after_fork)
atexit.register(_close_all)
