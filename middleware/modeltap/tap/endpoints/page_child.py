"""The process that makes the pages: finds it, starts it, and asks it for a page.

It is started by the first request for a page, shared by all processes of the app, and ends by
itself: when all of these have ended, or after some minutes without a request.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from modeltap import interpreter
from modeltap.errors import ConfigError
from modeltap.logs import logger
from modeltap.tap.endpoints import page_channel
from modeltap.tap.endpoints.own_endpoint import PagesUnavailable
from modeltap.tap.endpoints.page_channel import PageReply, PageRequest
from modeltap.tap.endpoints.page_folder import hold, page_folder, socket_path
from modeltap.tap.endpoints.queue_report import start_report

_RETRY_SECONDS = 5.0
"""After a failed start, requests are refused for this long without another attempt."""

_POLL_SECONDS = 0.02
"""The polling interval while the process starts, which takes about a second."""

_GONE = (FileNotFoundError, ConnectionRefusedError)
"""No process listens: it was not started yet, or has ended."""

_REASON_BYTES = 4000


class PageChild:
    """The process for one configuration, as one process of the app uses it.

    Args:
        settings: what the process has to know; secrets reach it by standard input only.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)
        self._digest = ""
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._users: int | None = None
        self._failure = ""
        self._failed_at = 0.0

    def ask(self, request: PageRequest, seconds: float) -> PageReply:
        """Return the reply; start the process if it does not run.

        Raises `PagesUnavailable` if it cannot be started, or does not reply in time. A request
        that only reads is repeated if the process ends meanwhile.
        """
        if self._pid != os.getpid():
            self.close()
            self._reset()  # in a fork, the parent's lock may be held forever
        deadline = time.monotonic() + seconds
        name = self._name()
        folder = page_folder()
        path = socket_path(folder, name)
        attempts = 2 if request.method in ("GET", "HEAD") else 1
        while True:
            try:
                self._join(folder, name)
                return page_channel.ask(path, request, deadline)
            except _GONE:
                self._start(folder, name, deadline)
            except TimeoutError:
                raise PagesUnavailable(
                    f"the page was not made within {seconds:g} s; try again"
                ) from None
            except OSError as error:
                attempts -= 1
                if not attempts:
                    raise PagesUnavailable(
                        f"the process that makes the pages has ended ({error}); try again"
                    ) from error

    def report_queue(self, stats: Callable[[], Mapping[str, Any]]) -> None:
        """Report this process's queue to the process, from a thread.

        Args:
            stats: returns the counters of the recorder.
        """

        def start() -> None:
            try:
                start_report(page_folder(), self._name(), stats)
            except Exception as error:
                logger.warning("modeltap: the queue is not in the metrics: %s", error)

        threading.Thread(target=start, name="modeltap-queue", daemon=True).start()

    def _name(self) -> str:
        """Return the name of the process's files: a digest of all that distinguishes processes."""
        if not self._digest:
            from importlib.metadata import version

            facts = [self._settings, version("modeltap"), sys.version]
            text = json.dumps(facts, sort_keys=True)
            self._digest = hashlib.sha256(text.encode()).hexdigest()[:24]
        return self._digest

    def _join(self, folder: Path, name: str) -> None:
        """Hold the file of the users, so that the process does not end."""
        with self._lock:  # a second descriptor would stay open, and hold the file after `close`
            if self._users is None:
                self._users = hold(folder / f"{name}.users", shared=True)

    def _start(self, folder: Path, name: str, deadline: float) -> None:
        """Start the process, unless it is just starting; wait a moment for it.

        Raises `PagesUnavailable` if it has failed, or at the deadline.
        """
        with self._lock:
            if self._failure and time.monotonic() < self._failed_at + _RETRY_SECONDS:
                raise PagesUnavailable(self._failure)
            if self._process is not None and self._process.poll() is not None:
                reason = self._reason(self._process)
                self._process = None
                if reason:
                    raise self._failed(reason)
            if self._process is None:
                self._process = self._spawn(folder, name)
        if time.monotonic() + _POLL_SECONDS > deadline:
            raise PagesUnavailable("the pages are being prepared; try again in a moment")
        time.sleep(_POLL_SECONDS)

    def _spawn(self, folder: Path, name: str) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(
                interpreter.command("modeltap.mounted", str(folder), name),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,  # until it is ready
                env={**interpreter.environment(), "OMP_NUM_THREADS": "1"},
                process_group=0,  # a terminal's Ctrl-C is for the app
            )
        except (OSError, ConfigError) as error:
            raise self._failed(str(error)) from error
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.write(json.dumps(self._settings).encode())
            process.stdin.close()
        return process

    def _reason(self, process: subprocess.Popen[bytes]) -> str:
        """Return why an ended process has failed, "" if it has not."""
        assert process.stderr is not None
        with process.stderr as errors:
            text = errors.read(_REASON_BYTES).decode("utf-8", "replace")
        return interpreter.reason_of(text) if process.returncode and text.strip() else ""

    def _failed(self, reason: str) -> PagesUnavailable:
        self._failure = f"the process that makes the pages cannot be started: {reason}"
        self._failed_at = time.monotonic()
        return PagesUnavailable(self._failure)

    def close(self) -> None:
        """Leave the process, which ends when all others have left it, too."""
        if self._users is not None:
            os.close(self._users)
            self._users = None
        process, self._process = self._process, None
        if process is not None:
            process.poll()
            if process.returncode is None:
                process.returncode = 0  # it ends by itself
            if process.stderr is not None:
                process.stderr.close()
