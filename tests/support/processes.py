"""Processes that a test did not start itself."""

from __future__ import annotations

import os
from pathlib import Path


def alive(pid: int) -> bool:
    """Say whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def writers_of(pid: int) -> list[int]:
    """Return the ids of the processes that write for the app `pid`."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    said = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [int(child) for child, command in said.items() if b"modeltap.writer" in command]
