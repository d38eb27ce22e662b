"""The event `retrain` about a run of a policy, for webhooks and for external trainers."""

from __future__ import annotations

import sqlite3
from typing import Any

from modeltap import clock
from modeltap.notify import digest
from modeltap.store.job_times import job_time, record_job_time
from modeltap.store.retrainings import FAILED, SUCCEEDED, RetrainingRun
from modeltap.wording import plural

REQUESTED = "requested"
"""The state in the event that asks an external trainer to train."""


def request_of(connection: sqlite3.Connection, run: RetrainingRun) -> dict[str, Any]:
    """Return the event that asks an external trainer to train on the exported rows."""
    event = _event(connection, run)
    event["data"]["run"] |= {"state": REQUESTED, "data": run.data}
    event["data"]["summary"] = (
        f"{run.model}: retraining requested with {plural(run.rows or 0, 'labelled row')}"
    )
    return event


def outcome_of(connection: sqlite3.Connection, run: RetrainingRun, now: float) -> dict[str, Any]:
    """Return the event about a run that has ended, inside the caller's transaction.

    The log and the last line of a failed training are left out, because they may quote rows.
    """
    event = _event(connection, run)
    record_job_time(connection, f"{digest.RETRAIN} {run.model}", now)
    event["data"]["summary"] = f"{run.model}: retraining {summary_of(run)}"
    return event


def summary_of(run: RetrainingRun) -> str:
    """Return the state of a run with its reason, without texts of the training."""
    state = run.state.replace("_", " ")
    if run.state == SUCCEEDED:
        verdict = f", candidate is {run.verdict.replace('_', ' ')}" if run.verdict else ""
        return f"{state} on {plural(run.rows or 0, 'labelled row')}{verdict}"
    if run.state == FAILED:
        code = "" if run.exit is None else f" ({'status' if run.way == 'webhook' else 'exit code'} "
        return f"{state}{code and f'{code}{run.exit})'}; see `modeltap retrain --list`"
    return f"{state}: {run.message}" if run.message else state


def _event(connection: sqlite3.Connection, run: RetrainingRun) -> dict[str, Any]:
    last = job_time(connection, f"{digest.RETRAIN} {run.model}")
    event = digest.retrain(connection, run.model, clock.iso(last))
    event["data"]["run"] = {
        "id": run.id,
        "state": run.state,
        "reason": run.reason,
        "way": run.way,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "rows": run.rows,
        "rows_since": run.since,
        "rows_until": run.until,
        "exit": run.exit,
        "artefact": run.artefact,
        "verdict": run.verdict,
    }
    return event
