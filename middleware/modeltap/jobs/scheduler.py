"""The scheduler: one leader per store looks every few seconds, child processes work.

A look is a few indexed queries; all that needs NumPy happens in a child, which takes neither the
app's interpreter lock nor its memory. In an app, or alone as ``modeltap worker``.
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
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.background import BackgroundScheduler

from modeltap.alerts import absence, reminders
from modeltap.clock import now
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.settings import Settings, repeat_seconds
from modeltap.errors import ModeltapError
from modeltap.jobs.executor import DaemonThreadExecutor
from modeltap.jobs.triggers import Timer
from modeltap.notify import outbox
from modeltap.store import reserve, unmatched
from modeltap.store.child_runs import note_child_run
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import dropped_due
from modeltap.store.exchanges import newest_exchange
from modeltap.store.job_times import is_unfinished
from modeltap.store.labels import newest_label
from modeltap.store.lease import Lease
from modeltap.store.traffic import has_due_traffic
from modeltap.store.watermarks import watermark

logger = logging.getLogger("modeltap")

LEASE = "scheduler"

_LOG_CHARACTERS = 10_000
_LOOK_SECONDS = 5.0


def start(store: Path, settings: Settings) -> Callable[[], None]:
    """Start the scheduler for `store` in this process; return what stops it.

    With ``analyze=False`` or ``"external"`` nothing is started.
    """
    if settings.analyze is not True:
        return lambda: None
    return Watch(store, settings).start()


class Watch:
    """Looks into one store, as its leader, and starts a child process when there is work.

    Two lanes: analysis, retention, digest and the call to retrain go one after the other; delivery
    waits for none of them.
    """

    def __init__(self, store: Path, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopping = False
        self._lock = threading.Lock()
        self._owner: str | None = None
        said = settings.schedules
        self._analysis = Timer(
            "analysis", said.analysis or f"{max(1, round(settings.analyze_interval_seconds))}s"
        )
        self._delivery = Timer("delivery", said.delivery)
        jobs = {"prune": said.retention, "digest": said.digest, "retrain": said.retrain}
        self._jobs = {name: Timer(name, text) for name, text in jobs.items() if text}
        # The scheduler's own log is for its makers: what matters we say ourselves.
        self._scheduler = BackgroundScheduler(
            executors={"default": DaemonThreadExecutor()}, timezone="UTC"
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def start(self) -> Callable[[], None]:
        """Start looking; return what stops it."""
        look = min(_LOOK_SECONDS, self._settings.analyze_interval_seconds)
        for lane in (self._work, self._deliver):
            self._scheduler.add_job(
                self._tick,
                "interval",
                args=[lane],
                seconds=look,
                # A late look is one look: by default one a second late is dropped in silence.
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.add_listener(
            _say, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )
        self._scheduler.start()
        threading.Thread(
            target=self._mind_the_clock, args=(look,), daemon=True, name="modeltap-clock"
        ).start()
        return self.stop

    def stop(self) -> None:
        """Stop looking; a child at work is ended: it leaves counts and watermark as they were."""
        with self._lock:
            self._stopping = True
            for child in self._children:
                child.terminate()
        self._scheduler.shutdown(wait=True)
        if self._store.exists():
            with (
                suppress(sqlite3.Error, ModeltapError),  # else it expires by itself
                closing(connect(self._store, create=False)) as connection,
            ):
                self._lease(connection).release()

    def _mind_the_clock(self, look: float) -> None:
        """Look at once when the clock was set back: APScheduler would wait for the old time."""
        ahead = time.time() - time.monotonic()
        while not self._stopping:
            time.sleep(look)
            before, ahead = ahead, time.time() - time.monotonic()
            if ahead < before - look and not self._stopping:
                for job in self._scheduler.get_jobs():
                    job.reschedule("interval", seconds=look)

    def _tick(self, lane: Callable[[sqlite3.Connection, Lease], None]) -> None:
        if self._stopping or not self._store.exists():
            return
        try:
            with closing(connect(self._store, create=False)) as connection:
                lease = self._lease(connection)
                if lease.hold():
                    lane(connection, lease)
        except (sqlite3.Error, ModeltapError) as error:
            self._say_failed(error)

    def _say_failed(self, error: Exception) -> None:
        text = str(error)
        if isinstance(error, sqlite3.Error) and reserve.is_full(self._store, error):
            text = reserve.said(self._store, reserve.give_up(self._store))
        logger.warning("modeltap: the scheduler looks again later: %s", text)

    def _lease(self, connection: sqlite3.Connection) -> Lease:
        lease = Lease(connection, LEASE, self._settings.lease_seconds)
        with self._lock:
            self._owner = lease.owner = self._owner or lease.owner
        return lease

    def _work(self, connection: sqlite3.Connection, lease: Lease) -> None:
        if self._analysis.due(connection) and something_new(connection):
            self._run_child(connection, lease, "analyze", "--no-deliver")
        for name, timer in self._jobs.items():
            if timer.due(connection):
                self._run_child(connection, lease, name)

    def _deliver(self, connection: sqlite3.Connection, lease: Lease) -> None:
        if self._delivery.due(connection) and self._owes(connection):
            self._run_child(connection, lease, "deliver")

    def _owes(self, connection: sqlite3.Connection) -> bool:
        """Say whether there is a message to send, or one to be made of what time brought."""
        moment = time.time()
        if outbox.due(connection, moment):
            return True
        if absence.news(connection, self._rules_of, moment):
            return True
        wait = repeat_seconds(self._settings.repeat_interval)
        return reminders.any_due(connection, wait, moment)

    def _rules_of(self, model: str) -> tuple[RuleSettings, ...]:
        return self._settings.for_model(model).rules

    def _run_child(
        self, connection: sqlite3.Connection, lease: Lease, job: str, *arguments: str
    ) -> None:
        """Run a command to its end, renewing the lease; its log and exit are kept."""
        started = now()
        command = [
            sys.executable,
            "-P",
            "-m",
            "modeltap",
            job,
            "--store",
            str(self._store),
            "--background",
            *arguments,
        ]
        with self._lock:
            if self._stopping:
                return
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
            self._children.add(child)
        try:
            log = self._attend(child, lease)
        finally:
            with self._lock:
                self._children.discard(child)
        self._note_run(connection, job, started, child, log)
        if child.returncode and not self._stopping:
            last = (log.strip().splitlines() or ["no message"])[-1]
            logger.warning("modeltap: %s failed (exit %s): %s", job, child.returncode, last)

    def _note_run(
        self,
        connection: sqlite3.Connection,
        job: str,
        started: str,
        child: subprocess.Popen[bytes],
        log: str,
    ) -> None:
        if self._stopping and child.returncode:
            return  # we ended it ourselves
        with writing(connection):
            note_child_run(connection, job, started, child.returncode, child.pid, log)

    def _attend(self, child: subprocess.Popen[bytes], lease: Lease) -> str:
        """Wait for the child; end it at its limit, or when another took the lease over."""
        limit = self._settings.job_limit_seconds
        deadline = time.monotonic() + limit
        told: bytes | None = told_to(self._settings)
        why = ""
        while True:
            wait = max(0.05, min(lease.ttl / 3, deadline - time.monotonic()))
            try:
                _, errors = child.communicate(told, timeout=wait)
                return errors.decode("utf-8", "replace")[-_LOG_CHARACTERS:] + why
            except subprocess.TimeoutExpired:
                told = None
                if time.monotonic() >= deadline:
                    why = f"\nended after {limit:g} s, its limit (job_limit_seconds)"
                    child.kill()
                elif not _held(lease):
                    why = "\nended, for another process took the lease over"
                    child.kill()


def something_new(connection: sqlite3.Connection) -> bool:
    """Say whether an analysis would find work.

    Exchanges, unmatched requests or labels that came, a window that closed, or the rest of an
    analysis that was ended.
    """
    if is_unfinished(connection):
        return True
    if newest_exchange(connection) > watermark(connection, "seen") or unmatched.any_old(connection):
        return True
    if newest_label(connection) > watermark(connection, "labels") or dropped_due(
        connection, time.time()
    ):
        return True
    return has_due_traffic(connection, now())


def told_to(settings: Settings) -> bytes:
    """Return what the child is told: its limit, and the webhooks, whose URLs no file may hold."""
    webhooks: list[dict[str, Any]] = [msgspec.to_builtins(hook) for hook in settings.webhooks]
    limit = settings.job_limit_seconds
    return json.dumps({"webhooks": webhooks, "job_limit_seconds": limit}).encode()


def _held(lease: Lease) -> bool:
    try:
        return lease.hold()
    except sqlite3.OperationalError:
        return True  # the file is busy: there is time for another try


def _say(event: Any) -> None:
    error = getattr(event, "exception", None)
    if error is not None:
        logger.warning("modeltap: the scheduler's look failed: %r", error)
