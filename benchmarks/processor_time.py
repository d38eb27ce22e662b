"""Processor time of this process and of its child processes, in seconds (Linux)."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path


def own() -> float:
    """Return the processor time of this process, of all its threads."""
    return time.process_time()


def with_children() -> float:
    """Return the processor time of this process and of its running children."""
    return own() + sum(map(_of_process, _children("self")))


def of_tree(pid: int) -> float:
    """Return the processor time of another process and of its running children."""
    return sum(map(_of_process, {str(pid), *_children(str(pid))}))


def _children(pid: str) -> set[str]:
    listed: set[str] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # the thread has ended
            listed.update((task / "children").read_text().split())
    return listed


def _of_process(pid: str) -> float:
    """Return the nanoseconds that the kernel counts for each thread, as seconds."""
    total = 0
    with suppress(OSError):  # the process has ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9
