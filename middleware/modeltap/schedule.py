"""The scheduler in the app: one leader per store looks every minute, a child process works.

The look is one or two indexed queries; all that needs NumPy happens in the child, which takes
neither the app's interpreter lock nor its memory.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.background import BackgroundScheduler

from modeltap.alerts import outbox
from modeltap.clock import now
from modeltap.config import Settings
from modeltap.errors import ModeltapError
from modeltap.store.connection import connect, writing
from modeltap.store.lease import Lease
from modeltap.store.losses import losses_due
from modeltap.store.progress import progress

logger = logging.getLogger("modeltap")

LEASE = "scheduler"
_CHILD_LIMIT_SECONDS = 900.0
"""A pass that takes longer than a quarter of an hour hangs: it is ended, the next one goes on."""

_LOG_CHARACTERS = 10_000
_KEPT_CHILD_RUNS = 1000


def start(store: Path, settings: Settings) -> Callable[[], None]:
    """Start the scheduler for `store` in this process; return what stops it.

    With ``analyze=False`` or ``"external"`` nothing is started.
    """
    if settings.analyze is not True:
        return lambda: None
    return Watch(store, settings).start()


class Watch:
    """Looks into one store, as its leader, and starts a child process when there is work."""

    def __init__(self, store: Path, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._lock = threading.Lock()
        self._last_pass = 0.0
        # The scheduler's own log is for its makers: what matters we say ourselves.
        self._scheduler = BackgroundScheduler(timezone="UTC")
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def start(self) -> Callable[[], None]:
        """Start looking; return what stops it."""
        interval = self._settings.analyze_interval_seconds
        self._scheduler.add_job(
            self._tick, "interval", seconds=min(5.0, interval),
            # A late look is one look: by default one that is a second late is dropped in silence.
            misfire_grace_time=None, coalesce=True, max_instances=1,
        )  # fmt: skip
        self._scheduler.add_listener(
            _say, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )
        self._last_pass = time.monotonic()
        self._scheduler.start()
        return self.stop

    def stop(self) -> None:
        """Stop looking; a child at work is ended: it leaves counts and watermark as they were."""
        self._stopping = True
        with self._lock:
            if self._child is not None and self._child.poll() is None:
                self._child.terminate()
        self._scheduler.shutdown(wait=True)
        if self._store.exists():
            connection = connect(self._store, create=False)
            try:
                self._lease(connection).release()
            finally:
                connection.close()

    def _tick(self) -> None:
        if self._stopping or not self._store.exists():
            return
        connection = connect(self._store, create=False)
        try:
            lease = self._lease(connection)
            if lease.hold() and (arguments := self._work(connection)) is not None:
                self._run_child(connection, lease, arguments)
        except (sqlite3.Error, ModeltapError) as error:
            logger.warning("modeltap: the scheduler looks again later: %s", error)
        finally:
            connection.close()

    def _lease(self, connection: sqlite3.Connection) -> Lease:
        lease = Lease(connection, LEASE)
        self._owner = getattr(self, "_owner", lease.owner)
        lease.owner = self._owner
        return lease

    def _work(self, connection: sqlite3.Connection) -> list[str] | None:
        """Say what there is to do: a pass when it is time for one, else a message that is due."""
        interval = self._settings.analyze_interval_seconds
        if time.monotonic() - self._last_pass >= interval - 0.5:
            self._last_pass = time.monotonic()
            if something_new(connection):
                return []
        return ["--only-deliver"] if outbox.due(connection, time.time()) else None

    def _run_child(
        self, connection: sqlite3.Connection, lease: Lease, arguments: list[str]
    ) -> None:
        """Run ``modeltap analyze`` to its end, renewing the lease; its log and exit are kept."""
        started = now()
        command = [
            sys.executable, "-P", "-m", "modeltap", "analyze", "--store", str(self._store),
            "--background", *arguments,
        ]  # fmt: skip
        with self._lock:
            if self._stopping:
                return
            self._child = child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        log = self._attend(child, lease)
        with writing(connection):
            connection.execute(
                "insert or replace into runs (job, window, started_at, finished_at, exit, pid, "
                "host, log) values ('analyze', ?, ?, ?, ?, ?, ?, ?)",
                (f"{started} {child.pid}", started, now(), child.returncode, child.pid,
                 os.uname().nodename, log),
            )  # fmt: skip
            connection.execute(
                "delete from runs where job = 'analyze' and id <= "
                "(select max(id) from runs) - ?", (_KEPT_CHILD_RUNS * 10,)
            )  # fmt: skip
        if child.returncode and not self._stopping:
            last = (log.strip().splitlines() or ["no message"])[-1]
            logger.warning("modeltap: the analysis failed (exit %s): %s", child.returncode, last)

    def _attend(self, child: subprocess.Popen[bytes], lease: Lease) -> str:
        """Wait for the child; end it at its limit, or when another took the lease over."""
        deadline = time.monotonic() + _CHILD_LIMIT_SECONDS
        told: bytes | None = secrets_of(self._settings)
        while True:
            try:
                _, errors = child.communicate(told, timeout=lease.ttl / 3)
                return errors.decode("utf-8", "replace")[-_LOG_CHARACTERS:]
            except subprocess.TimeoutExpired:
                told = None
                if time.monotonic() > deadline or not lease.hold():
                    child.kill()


def something_new(connection: sqlite3.Connection) -> bool:
    """Say whether an analysis would find work: exchanges, labels, or a window that closed."""
    newest = connection.execute("select max(seq) from exchanges").fetchone()[0] or 0
    if newest > progress(connection, "seen"):
        return True
    labels = connection.execute("select max(seq) from labels").fetchone()[0] or 0
    if labels > progress(connection, "labels") or losses_due(connection, time.time()):
        return True
    closed = connection.execute(
        "select 1 from traffic t where window_end <= ? and not exists (select 1 from runs where "
        "job = 'operations ' || t.model || '@' || t.version "
        "and window = t.window_start || '/' || t.window_end) limit 1",
        (now(),),
    ).fetchone()
    return closed is not None


def secrets_of(settings: Settings) -> bytes:
    """Return what the child must be told and no file may hold: the webhooks, with their URLs."""
    webhooks: list[dict[str, Any]] = [msgspec.to_builtins(hook) for hook in settings.webhooks]
    return json.dumps({"webhooks": webhooks}).encode()


def _say(event: Any) -> None:
    error = getattr(event, "exception", None)
    if error is not None:
        logger.warning("modeltap: the scheduler's look failed: %r", error)
