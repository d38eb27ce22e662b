"""Run the scheduler's polls in daemon threads, which an app that ends does not wait for."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job

_LAST_SECONDS = 10.0
"""A poll that is not done by then is left to the end of the process."""


class DaemonThreadExecutor(BaseExecutor):  # type: ignore[misc]
    """Runs each job in a daemon thread of its own.

    APScheduler's own pool is of `concurrent.futures`, whose threads Python joins before any
    `atexit`: an app without a lifespan would hang until a running analysis is over, because nothing
    could end it before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[threading.Thread] = set()

    def shutdown(self, wait: bool = True) -> None:
        """Wait for the jobs that run, a bounded time: the app must be able to end."""
        deadline = time.monotonic() + _LAST_SECONDS
        for thread in list(self._threads) if wait else ():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        thread = threading.Thread(
            target=self._run, args=(job, run_times), name="modeltap-scheduler", daemon=True
        )
        self._threads.add(thread)
        thread.start()

    def _run(self, job: Job, run_times: list[datetime]) -> None:
        try:
            # A job's exception comes back as an event.
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)
        finally:
            self._threads.discard(threading.current_thread())
