"""Pending work of the analysis, found by one query: steps without any are not entered."""

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
        unfinished: the rest of a pass that is at work, or was killed before its end.
        exchanges: exchanges that were not counted.
        unmatched: requests or responses that waited too long for the other one.
        labels: labels whose windows were not noted.
        labelled_windows: windows that labels came for; they may not be complete yet.
        dropped: losses of capture, or incidents of losses that have recovered.
        traffic: windows of traffic that have ended.
    """

    unfinished: bool
    exchanges: bool
    unmatched: bool
    labels: bool
    labelled_windows: bool
    dropped: bool
    traffic: bool

    @property
    def needs_analysis(self) -> bool:
        """Whether an analysis would make progress: no incomplete window waits for one."""
        return any(self._replace(labelled_windows=False))


def pending_work(connection: sqlite3.Connection, now: float) -> PendingWork:
    """Return what an analysis at `now` (Unix seconds) would find to do."""
    row = connection.execute(
        "select "
        "exists (select 1 from job_times where job = :analysis and finished_at is null), "
        "ifnull((select max(seq) from exchanges), 0) "
        "> ifnull((select value from watermarks where name = :seen), 0), "
        "exists (select 1 from unmatched where received_at < :long_ago), "
        "ifnull((select max(seq) from labels), 0) "
        "> ifnull((select value from watermarks where name = :labels), 0), "
        "exists (select 1 from due_windows), "
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
