"""Pending work of the analysis, found by one query, so that idle steps are skipped."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from modeltap import clock
from modeltap.store import unmatched
from modeltap.store.dropped import DROPPED, RECOVERED, RECOVERED_SECONDS
from modeltap.store.job_times import ANALYSIS
from modeltap.store.watermarks import LABELS, SEEN


class PendingWork(NamedTuple):
    """The kinds of work that an analysis would find.

    Attributes:
        unfinished: the remainder of a pass that is running or was killed.
        exchanges: exchanges that were not counted.
        unmatched: requests or responses that waited too long for their counterpart.
        labels: labels whose windows are not yet marked as due.
        labelled_windows: windows with new labels, which may be incomplete.
        arrivals: windows whose labels have had an hour, a day or a week to arrive.
        dropped: capture losses, or loss incidents that have recovered.
        traffic: traffic windows that have ended.
    """

    unfinished: bool
    exchanges: bool
    unmatched: bool
    labels: bool
    labelled_windows: bool
    arrivals: bool
    dropped: bool
    traffic: bool

    @property
    def needs_analysis(self) -> bool:
        """True if an analysis would make progress; incomplete labelled windows alone do not."""
        return any(self._replace(labelled_windows=False))


def pending_work(connection: sqlite3.Connection, now: float) -> PendingWork:
    """Return the work that an analysis at `now` (Unix seconds) would find."""
    row = connection.execute(
        "select "
        "exists (select 1 from job_times where job = :analysis and finished_at is null), "
        "ifnull((select max(seq) from exchanges), 0) "
        "> ifnull((select value from watermarks where name = :seen), 0), "
        "exists (select 1 from unmatched where received_at < :long_ago), "
        "ifnull((select max(seq) from labels), 0) "
        "> ifnull((select value from watermarks where name = :labels), 0), "
        "exists (select 1 from due_windows where due_at is null), "
        "exists (select 1 from due_windows where due_at <= :now), "
        "ifnull((select max(seq) from dropped), 0) "
        "> ifnull((select value from watermarks where name = :dropped), 0) "
        f"or exists (select 1 from alerts where {RECOVERED}), "
        "exists (select 1 from traffic where due and window_end <= :now)",
        {
            "analysis": ANALYSIS,
            "seen": SEEN,
            "labels": LABELS,
            "dropped": DROPPED,
            "long_ago": clock.iso(now - unmatched.WAIT_SECONDS),
            "recovered": clock.iso(now - RECOVERED_SECONDS),
            "now": clock.iso(now),
        },
    ).fetchone()
    return PendingWork(*map(bool, row))
