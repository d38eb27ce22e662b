"""A candidate behind a URL: it is sent the stored requests first."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from modeltap.comparison.candidates.candidate_outputs import CandidateOutputs
from modeltap.comparison.candidates.stored_candidate import stored_outputs
from modeltap.errors import InputError
from modeltap.replaying.replay_options import ReplayOptions
from modeltap.replaying.replay_progress import ShowProgress, no_progress
from modeltap.replaying.replay_report import ReplayReport
from modeltap.replaying.replayer import replay_store
from modeltap.store.connection import file_of
from modeltap.wording import plural


def replayed_outputs(
    connection: sqlite3.Connection,
    model: str,
    url: str,
    since: str | None = None,
    show_progress: ShowProgress = no_progress,
) -> CandidateOutputs:
    """Send the stored requests to the candidate at `url` and return its predictions.

    Only requests with a label are sent, or all if none has one. Those that the candidate
    has answered before are not sent again.

    Args:
        connection: the store, opened for reading; another connection writes.
        since: the first event time, as `clock.iso`; None for all.
        show_progress: a context manager of the number of requests to send.

    Raises `InputError` if the URL cannot be used, or if no response has a prediction.
    """
    path = file_of(connection)
    report = replay_store(
        path, model, url, ReplayOptions(since=since, labelled=True), show_progress
    )
    if not report.requests:
        report = replay_store(path, model, url, ReplayOptions(since=since), show_progress)
    if not report.answered and not report.answered_before:
        raise InputError(report.failure or f"candidate {report.candidate!r} has no predictions")
    outputs = stored_outputs(connection, report.model, report.candidate, since)
    return replace(outputs, notes=(*outputs.notes, *_notes(report)))


def _notes(report: ReplayReport) -> list[str]:
    notes = []
    if report.answered_before:
        notes.append(
            f"{plural(report.answered_before, 'response')} of earlier runs; after a change behind "
            "the URL, `modeltap replay --again` asks for all again"
        )
    if report.stopped:
        notes.append(f"replay: {report.stopped}")
    for counts, verb in ((report.failed, "failed"), (report.left_out, "left out")):
        notes += [
            f"replay: {plural(count, 'request')} {verb}: {name}" for name, count in counts.items()
        ]
    return notes
