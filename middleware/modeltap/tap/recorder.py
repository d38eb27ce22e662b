"""The queue between requests and the disk, and the one thread per process that empties it."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import sqlite3
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config import ANALYSIS_OPTIONS, Settings, parse_reference
from modeltap.errors import ModeltapError
from modeltap.store.connection import connect, writing
from modeltap.store.settings import save_settings
from modeltap.store.writer import insert_exchanges, write_losses
from modeltap.tap.exchange import Exchange
from modeltap.tap.record import Recording

logger = logging.getLogger("modeltap")

_EXCHANGE_OVERHEAD_BYTES = 2048
"""What an exchange weighs in the queue besides its bodies: headers, path, the object itself."""

_TRANSACTION_ROWS = 1024
_CONVERTED_ROWS = 512
"""Rows are made and handed to SQLite in portions. A full one takes the interpreter's lock for some
4 ms, less than its own switch interval; it is full only at thousands of requests a second."""

_REOPEN_SECONDS = 5.0
"""An unusable store is tried again this often."""

Companion = Callable[[Path, Settings], Callable[[], None]]
companions: list[Companion] = []
"""What starts beside each recorder, in its thread, and how it is stopped (the scheduler)."""


class Recorder:
    """A bounded queue of exchanges and the thread that writes them to one store.

    Nothing is opened until the first `put`. When the queue is full the newest exchange is
    refused, whole, and counted.
    """

    def __init__(self, store: Path, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self._max_records = settings.max_queue_records
        self._max_bytes = settings.max_queue_bytes
        self._start_anew()
        _recorders_alive.add(self)

    def _start_anew(self) -> None:
        """Forget everything: how a recorder begins, and what a forked child does with its copy."""
        self._queue: deque[tuple[Recording, Exchange, int]] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._asleep = False
        self._closing = False
        self._queued_bytes = 0
        self._in_hand = 0
        self._captured = self._written = self._failed = 0
        self._dropped: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()
        self._said: set[str] = set()
        self._known_models: set[str] = set()
        self._connection: sqlite3.Connection | None = None
        self._retry_at = 0.0
        self._stops: list[Callable[[], None]] = []

    def put(self, recording: Recording, exchange: Exchange) -> bool:
        """Queue `exchange`; False when there is no room and it was dropped."""
        size = (
            len(exchange.request_body) + len(exchange.response_body) + _EXCHANGE_OVERHEAD_BYTES
        )  # fmt: skip
        with self._lock:
            self._captured += 1
            if len(self._queue) >= self._max_records:
                self._dropped["queue full: records"] += 1
                return False
            if self._queued_bytes + size > self._max_bytes:
                self._dropped["queue full: bytes"] += 1
                return False
            self._queue.append((recording, exchange, size))
            self._queued_bytes += size
            if self._asleep:
                self._asleep = False
                self._wake.notify()
            elif self._thread is None:
                self._start_thread()
        return True

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that is queued now is written; False if `timeout` seconds did not do."""
        deadline = time.monotonic() + timeout
        self._hurry.set()
        try:
            with self._lock:
                while self._queue or self._in_hand:
                    left = deadline - time.monotonic()
                    if left <= 0 or self._thread is None:
                        return False
                    self._idle.wait(left)
            return True
        finally:
            self._hurry.clear()

    def close(self, timeout: float = 5.0) -> None:
        """Write what is queued, then end the thread and its companions; `put` starts anew."""
        self.flush(timeout)
        with self._lock:
            thread, self._closing = self._thread, True
            self._wake.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        for stop in self._stops:
            stop()
        with self._lock:
            self._stops, self._thread, self._closing = [], None, False

    def stats(self) -> dict[str, Any]:
        """Return the counters of this process."""
        with self._lock:
            return {
                "captured": self._captured,
                "written": self._written,
                "dropped": sum(self._dropped.values()),
                "dropped_by_reason": dict(self._dropped),
                "failed": self._failed,
                "queued": len(self._queue) + self._in_hand,
                "queued_bytes": self._queued_bytes,
            }

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._run, name="modeltap-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._start_companions()
        while self._wait_for_work():
            if not self._closing:
                self._hurry.wait(self.settings.flush_interval_seconds)
            while batch := self._take():
                self._write(batch)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _start_companions(self) -> None:
        for companion in companions:
            try:
                self._stops.append(companion(self.store, self.settings))
            except Exception as error:
                self._say(f"the scheduler cannot start: {error}")

    def _wait_for_work(self) -> bool:
        with self._lock:
            while not self._queue:
                self._idle.notify_all()
                if self._closing:
                    return False
                self._asleep = True
                self._wake.wait()
            self._asleep = False
            return True

    def _take(self) -> list[tuple[Recording, Exchange, int]]:
        with self._lock:
            count = min(len(self._queue), _TRANSACTION_ROWS)
            self._in_hand = count
            if not count:
                self._idle.notify_all()
            return [self._queue.popleft() for _ in range(count)]

    def _write(self, batch: list[tuple[Recording, Exchange, int]]) -> None:
        """Write `batch`; wait while another writer holds the lock, give up on anything else."""
        written = 0
        while True:
            try:
                written = self._write_once(batch)
                break
            except sqlite3.OperationalError as error:
                if _is_busy(error) and not self._closing:
                    continue  # SQLite has waited its busy timeout already; the queue is bounded
                self._give_up(error)
                break
            except (ModeltapError, sqlite3.Error, OSError) as error:
                self._give_up(error)
                break
        with self._lock:
            self._in_hand = 0
            self._queued_bytes -= sum(size for _, _, size in batch)
            self._written += written
            if not written:
                self._dropped["store unusable"] += len(batch)

    def _write_once(self, batch: list[tuple[Recording, Exchange, int]]) -> int:
        connection = self._open()
        written = 0
        with writing(connection):
            for start in range(0, len(batch), _CONVERTED_ROWS):
                rows = self._rows(batch[start : start + _CONVERTED_ROWS])
                insert_exchanges(connection, rows)
                written += len(rows)
            self._keep_settings(connection, batch)
        self._report_losses(connection)
        return written

    def _rows(self, portion: list[tuple[Recording, Exchange, int]]) -> list[Any]:
        rows = []
        for recording, exchange, _ in portion:
            try:
                rows.append(recording.row(exchange))
            except Exception as error:  # one strange exchange must not cost the others
                self._failed += 1
                self._say(f"an exchange could not be recorded: {error!r}")
        return rows

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                raise ModeltapError("the store was unusable a moment ago")
            self._connection = connect(self.store, in_child=True)
        return self._connection

    def _give_up(self, error: Exception) -> None:
        if time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _REOPEN_SECONDS
            self._say(f"exchanges are not recorded, the app serves on: {error}")
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _keep_settings(
        self, connection: sqlite3.Connection, batch: list[tuple[Recording, Exchange, int]]
    ) -> None:
        """Leave in the store what whoever analyses must know of a model seen for the first time."""
        for recording, exchange, _ in batch:
            if exchange.model not in self._known_models:
                self._known_models.add(exchange.model)
                own = recording.settings.for_model(exchange.model)
                said = {name: getattr(own, name) for name in ANALYSIS_OPTIONS}
                if parse_reference(own.reference)[0] == "file":
                    # Whoever analyses may stand in another folder.
                    said["reference"] = str(Path(own.reference).absolute())
                said["webhooks"] = [
                    _without_secrets(webhook) for webhook in recording.settings.webhooks
                ]
                save_settings(connection, exchange.model, said)

    def _report_losses(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            new = self._dropped - self._reported
            self._reported = self._dropped.copy()
        if new:
            write_losses(connection, socket.gethostname(), os.getpid(), new)

    def _say(self, message: str) -> None:
        """Log each message once: the app's log is not ours to fill."""
        if message not in self._said and len(self._said) < 100:
            self._said.add(message)
            logger.error("modeltap: %s", message)


def recorder_for(settings: Settings) -> Recorder:
    """Return this process's recorder for the settings' store; made here, started by its first put.

    Litestar builds a middleware for each route: they share one.
    """
    path = Path(settings.store).expanduser().absolute()
    with _registry_lock:
        recorder = _recorders.get(path)
        if recorder is None:
            recorder = _recorders[path] = Recorder(path, settings)
        return recorder


def recorders() -> list[Recorder]:
    """Return all recorders of this process."""
    return list(_recorders.values())


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _without_secrets(webhook: Any) -> dict[str, Any]:
    """Only what is `env:NAME`, or no secret, may be kept; a literal URL is known by its key."""
    said = msgspec.to_builtins(webhook)
    said["key"] = webhook.key
    for name in ("url", "secret"):
        if said[name] and not said[name].startswith("env:"):
            said[name] = None
    return dict(said)


def _after_fork() -> None:
    global _registry_lock
    _registry_lock = threading.Lock()
    for recorder in list(_recorders_alive):
        recorder._start_anew()


def _at_exit() -> None:
    for recorder in list(_recorders_alive):
        recorder.close(timeout=5.0)


_recorders: dict[Path, Recorder] = {}
_registry_lock = threading.Lock()
_recorders_alive: weakref.WeakSet[Recorder] = weakref.WeakSet()
os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
