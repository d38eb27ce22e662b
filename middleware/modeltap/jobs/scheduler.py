"""The scheduler: one leader per store polls every few seconds and starts child processes.

A poll is a few indexed queries; work that needs NumPy runs in a child process. The scheduler runs
in an app, or separately as ``modeltap worker``.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.background import BackgroundScheduler

from modeltap.alerts import absence, reminders
from modeltap.config.settings import Settings
from modeltap.errors import ModeltapError
from modeltap.jobs.child import NOTHING_MORE, Child
from modeltap.jobs.executor import DaemonThreadExecutor
from modeltap.jobs.policy_schedule import PolicySchedule
from modeltap.jobs.timers import Timer
from modeltap.logs import logger
from modeltap.notify import outbox
from modeltap.store import reserve
from modeltap.store.child_runs import record_child_run
from modeltap.store.connection import connect, writing
from modeltap.store.lease import Lease
from modeltap.store.pending_work import pending_work
from modeltap.store.settings import SettingsReader

LEASE = "scheduler"

_WARNING = "WARNING: "
"""Prefix of the lines in a job's log that are repeated in the app's log."""

_LINES = 1000
"""Maximum number of logged lines to remember, which limits memory."""

_POLL_SECONDS = 5.0
"""Maximum delay of a new message, in addition to the delivery schedule."""


def start(store: Path, settings: Settings) -> Callable[[], None]:
    """Start the scheduler for `store` in this process; return the function that stops it.

    Nothing is started with ``analyze=False`` or ``"external"``.
    """
    if settings.analyze is not True:
        return lambda: None
    return Scheduler(store, settings).start()


class Scheduler:
    """Polls one store as its leader and starts a child process for pending work.

    There are four lanes. Analysis, retention and digest run one after another; delivery, retraining
    and the push to OpenTelemetry run independently of them.
    """

    def __init__(self, store: Path, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._children: set[Child] = set()
        self._stopping = False
        self._lock = threading.Lock()
        self._owner: str | None = None
        self._logged_lines: set[str] = set()
        self._last_failure = ""
        self._unfinished = False  # the last pass left windows to evaluate
        schedules = settings.schedules
        interval = f"{max(1, round(settings.analyze_interval_seconds))}s"
        self._analysis = Timer("analysis", schedules.analysis or interval)
        self._delivery = Timer("delivery", schedules.delivery)
        jobs = {
            "prune": schedules.retention,
            "digest": schedules.digest,
        }
        self._jobs = {name: Timer(name, text) for name, text in jobs.items() if text}
        self._policies = PolicySchedule(settings)
        self._push_timer = None if settings.otel is None else Timer("otel", settings.otel.interval)
        self._push_failure = ""
        # APScheduler's own log repeats what is logged here.
        self._scheduler = BackgroundScheduler(
            executors={"default": DaemonThreadExecutor()}, timezone="UTC"
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def start(self) -> Callable[[], None]:
        """Start polling; return the function that stops it."""
        seconds = min(_POLL_SECONDS, self._settings.analyze_interval_seconds)
        lanes = [self._work, self._deliver, self._retrain]
        if self._push_timer is not None:
            lanes.append(self._push)
        for lane in lanes:
            self._scheduler.add_job(
                self._poll,
                "interval",
                args=[lane],
                seconds=seconds,
                # Merge late polls into one. By default a poll that is a second late is dropped.
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.add_listener(
            _log_event, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )
        self._scheduler.start()
        threading.Thread(
            target=self._watch_clock, args=(seconds,), daemon=True, name="modeltap-clock"
        ).start()
        return self.stop

    def stop(self) -> None:
        """Stop polling and terminate running children, which leaves the store consistent."""
        with self._lock:
            self._stopping = True
            for child in self._children:
                child.terminate()
        self._scheduler.shutdown(wait=True)
        if self._store.exists():
            with (
                suppress(sqlite3.Error, ModeltapError),  # the lease expires by itself
                closing(connect(self._store, create=False)) as connection,
            ):
                self._lease(connection).release()

    def _watch_clock(self, seconds: float) -> None:
        """Poll at once after the clock was set back. APScheduler would wait for the old time."""
        ahead = time.time() - time.monotonic()
        while not self._stopping:
            time.sleep(seconds)
            before, ahead = ahead, time.time() - time.monotonic()
            if ahead < before - seconds and not self._stopping:
                for job in self._scheduler.get_jobs():
                    job.reschedule("interval", seconds=seconds)

    def _poll(self, lane: Callable[[sqlite3.Connection, Lease], None]) -> None:
        if self._stopping or not self._store.exists():
            return
        try:
            with closing(connect(self._store, create=False)) as connection:
                lease = self._lease(connection)
                if lease.hold():
                    lane(connection, lease)
        except (sqlite3.Error, ModeltapError) as error:
            self._log_failure(error)

    def _log_failure(self, error: Exception) -> None:
        text = str(error)
        if isinstance(error, sqlite3.Error) and reserve.is_full(self._store, error):
            text = reserve.full_message(self._store, reserve.give_up(self._store))
        if text != self._last_failure:  # log repeated failures once
            self._last_failure = text
            logger.warning("modeltap: the scheduler's poll failed and is retried: %s", text)

    def _lease(self, connection: sqlite3.Connection) -> Lease:
        lease = Lease(connection, LEASE, self._settings.lease_seconds)
        with self._lock:
            self._owner = lease.owner = self._owner or lease.owner
        return lease

    def _work(self, connection: sqlite3.Connection, lease: Lease) -> None:
        due = self._analysis.due(connection) or self._unfinished
        if due and pending_work(connection, time.time()).needs_analysis:
            code = self._run_child(connection, lease, "analyze", "--no-deliver")
            # After the limit of windows the analysis continues at once; after a failure it waits.
            self._unfinished = code == 0 and pending_work(connection, time.time()).unfinished
        for name, timer in self._jobs.items():
            if timer.due(connection):
                self._run_child(connection, lease, name)

    def _deliver(self, connection: sqlite3.Connection, lease: Lease) -> None:
        if self._delivery.due(connection) and self._has_messages(connection):
            self._run_child(connection, lease, "deliver")

    def _retrain(self, connection: sqlite3.Connection, lease: Lease) -> None:
        job = self._policies.due(connection, time.time())
        if job is not None:
            # Its own limit: trainings take longer than the jobs that `job_limit_seconds` is for.
            own = msgspec.structs.replace(self._settings, job_limit_seconds=job.limit_seconds)
            self._run_child(
                connection, lease, "retrain", *job.arguments, settings=own, message=job.message
            )

    def _push(self, connection: sqlite3.Connection, lease: Lease) -> None:
        """Push to OpenTelemetry. A receiver that stays down is one line in the log, not many."""
        if self._push_timer is None or not self._push_timer.due(connection):
            return
        otel = msgspec.to_builtins(self._settings.otel)
        child = self._attend(lease, "otel", settings=self._settings, message={"otel": otel})
        if child is None or (self._stopping and child.exit_code):
            return
        failure = child.last_line if child.exit_code else ""
        if failure and failure != self._push_failure:
            logger.warning("modeltap: %s", failure)
        elif self._push_failure and not failure:
            logger.warning("modeltap: OpenTelemetry: sending works again")
        self._push_failure = failure
        self._log_warnings(child.log)

    def _has_messages(self, connection: sqlite3.Connection) -> bool:
        """Return True if a message is due, or absence or a reminder would create one."""
        moment = time.time()
        # As the child reads them: the store may have models of other apps, with other rules.
        settings = SettingsReader(connection)
        return (
            outbox.any_due(connection, moment)
            or absence.has_news(connection, settings, moment)
            or bool(reminders.due_reminders(connection, settings, moment))
        )

    def _run_child(
        self,
        connection: sqlite3.Connection,
        lease: Lease,
        job: str,
        *arguments: str,
        settings: Settings | None = None,
        message: Mapping[str, Any] = NOTHING_MORE,
    ) -> int | None:
        """Run a command and record its result, unless `stop` terminated it.

        Returns its exit code, or None if it was not started.
        """
        child = self._attend(
            lease, job, *arguments, settings=settings or self._settings, message=message
        )
        if child is None:
            return None
        if self._stopping and child.exit_code:
            return child.exit_code
        with writing(connection):
            record_child_run(
                connection, job, child.started_at, child.exit_code, child.pid, child.log
            )
        if child.exit_code:
            logger.warning(
                "modeltap: %s failed (exit %s): %s", job, child.exit_code, child.last_line
            )
        else:
            self._log_warnings(child.log)
        return child.exit_code

    def _attend(
        self,
        lease: Lease,
        job: str,
        *arguments: str,
        settings: Settings,
        message: Mapping[str, Any],
    ) -> Child | None:
        """Run a command until its end; return None if it was not started."""
        with self._lock:
            if self._stopping:
                return None
            child = Child(self._store, settings, job, *arguments, message=message)
            self._children.add(child)
        try:
            child.attend(lease)
        finally:
            with self._lock:
                self._children.discard(child)
        return child

    def _log_warnings(self, log: str) -> None:
        """Repeat a job's warnings in the app's log, each once."""
        if len(self._logged_lines) > _LINES:
            self._logged_lines.clear()
        for line in log.splitlines():
            if line.startswith(_WARNING) and line not in self._logged_lines:
                self._logged_lines.add(line)
                logger.warning("%s", line.removeprefix(_WARNING))


def _log_event(event: Any) -> None:
    error = getattr(event, "exception", None)
    if error is not None:
        logger.warning("modeltap: the scheduler's poll failed: %r", error)
