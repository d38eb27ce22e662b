"""An APScheduler executor with daemon threads, which do not delay the end of the app."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job

_LAST_SECONDS = 10.0
"""Maximum time that `shutdown` waits for running polls."""


class DaemonThreadExecutor(BaseExecutor):  # type: ignore[misc]
    """An executor that runs each job in its own daemon thread.

    APScheduler's default pool uses `concurrent.futures`, whose threads Python joins before any
    `atexit` function. An app without a lifespan would hang until a running analysis has finished.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[threading.Thread] = set()

    def shutdown(self, wait: bool = True) -> None:
        """Wait a limited time for running jobs, so that the app can end."""
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
            # An exception of the job is returned as an event.
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)
        finally:
            self._threads.discard(threading.current_thread())
