"""A child process of the scheduler: its start, its supervision and its log."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modeltap import interpreter
from modeltap.clock import now
from modeltap.config.settings import Settings
from modeltap.store.lease import Lease

_LOG_CHARACTERS = 10_000
"""Length of the stored end of a log, where the error is. Tracebacks have a few thousand."""

_SHORTEST_WAIT_SECONDS = 0.05
"""Interval between attempts to kill a child that has exceeded its limit."""

NOTHING_MORE: Mapping[str, Any] = {}


class Child:
    """A modeltap command in a separate process, with a time limit.

    A child uses neither the app's interpreter lock nor its memory.

    Args:
        message: further values for the child's standard input.
    """

    def __init__(
        self,
        store: Path,
        settings: Settings,
        job: str,
        *arguments: str,
        message: Mapping[str, Any] = NOTHING_MORE,
    ) -> None:
        self.job = job
        self.started_at = now()
        self.log = ""
        self._settings = settings
        self._message = message
        self._process = subprocess.Popen(
            interpreter.command("modeltap", job, "--store", str(store), "--background", *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**interpreter.environment(), "OMP_NUM_THREADS": "1"},
        )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def exit_code(self) -> int:
        """The exit code of the ended process; negative for a signal."""
        return self._process.returncode

    @property
    def last_line(self) -> str:
        """The line of the log that gives the reason of a failure."""
        return interpreter.reason_of(self.log)

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def attend(self, lease: Lease) -> None:
        """Wait for the process to end, renew the lease meanwhile, and keep the log.

        The process is killed at its time limit, or when another process takes over the lease.
        """
        limit = self._settings.job_limit_seconds
        deadline = time.monotonic() + limit
        message: bytes | None = _stdin_of(self._settings, self._message)
        reason = ""
        while True:
            wait = max(_SHORTEST_WAIT_SECONDS, min(lease.ttl / 3, deadline - time.monotonic()))
            try:
                _, errors = self._process.communicate(message, timeout=wait)
                self.log = errors.decode("utf-8", "replace")[-_LOG_CHARACTERS:] + reason
                return
            except subprocess.TimeoutExpired:
                message = None
                if time.monotonic() >= deadline:
                    reason = f"\nkilled after {limit:g} s (job_limit_seconds)"
                    self._process.kill()
                elif not _is_held(lease):
                    reason = "\nkilled because another process took over the lease"
                    self._process.kill()


def _stdin_of(settings: Settings, more: Mapping[str, Any]) -> bytes:
    """Return the time limit and the webhooks as JSON. URLs must not be written to a file."""
    webhooks: list[dict[str, Any]] = [msgspec.to_builtins(hook) for hook in settings.webhooks]
    limit = settings.job_limit_seconds
    return json.dumps({"webhooks": webhooks, "job_limit_seconds": limit, **more}).encode()


def _is_held(lease: Lease) -> bool:
    try:
        return lease.hold()
    except sqlite3.OperationalError:
        return True  # the file is busy; the lease has not expired yet
