"""Processes that a test did not start itself."""

from __future__ import annotations

import os


def alive(pid: int) -> bool:
    """Say whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
