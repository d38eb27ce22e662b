"""Due times of jobs: after an interval, or at a cron time."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime

from modeltap.config.schedule_settings import cron_of
from modeltap.config.windows import parse_seconds
from modeltap.store.connection import writing
from modeltap.store.job_times import job_time, record_job_time


class Timer:
    """The schedule of one job.

    Intervals under an hour use the monotonic clock, from the start of the process. Longer
    intervals and cron use the time of the last run in the store, which survives restarts and
    changes of the leader. Several missed times result in one run.
    """

    def __init__(self, job: str, text: str) -> None:
        self._name = f"schedule {job}"
        cron = cron_of(text)
        self._trigger = None
        self._seconds = 0.0
        if cron is None:
            self._seconds = parse_seconds(text, job)
        else:
            from apscheduler.triggers.cron import CronTrigger

            self._trigger = CronTrigger.from_crontab(cron, timezone="UTC")
        self._last = time.monotonic()

    def due(self, connection: sqlite3.Connection) -> bool:
        """Return True if the job is due, and start the next interval."""
        if self._trigger is None and self._seconds < 3600:
            # Accept half a second of tolerance, because polls come every few seconds.
            if time.monotonic() - self._last < self._seconds - 0.5:
                return False
            self._last = time.monotonic()
            return True
        return self._due_by_store(connection, time.time())

    def _due_by_store(self, connection: sqlite3.Connection, now: float) -> bool:
        last = job_time(connection, self._name)
        first, set_back = not last, last > now + 1
        if not (first or set_back or self._after(last) <= now):
            return False
        with writing(connection):
            record_job_time(connection, self._name, now)
        return not (first or set_back)

    def _after(self, last: float) -> float:
        if self._trigger is None:
            return last + self._seconds
        begin = datetime.fromtimestamp(last + 1, UTC)
        following = self._trigger.get_next_fire_time(None, begin)
        return float("inf") if following is None else following.timestamp()
