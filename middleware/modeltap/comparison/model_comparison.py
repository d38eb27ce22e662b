"""Compare a candidate with the current model: load its outputs, align rows, compute differences."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.model.baseline import is_unknown
from modeltap.comparison.aligned_outputs import AlignedOutputs, PairedSides, align, pair_sides
from modeltap.comparison.candidates.candidate_file import read_candidate_file
from modeltap.comparison.candidates.candidate_function import (
    PREFIX,
    TIMEOUT_SECONDS,
    call_function,
    run_function,
)
from modeltap.comparison.candidates.candidate_outputs import CandidateOutputs, RowId
from modeltap.comparison.candidates.function_outputs import Predict
from modeltap.comparison.candidates.stored_candidate import stored_names, stored_outputs
from modeltap.comparison.compared_rows import ComparedRows, RowFeatures, StoredRows
from modeltap.comparison.compared_segments import (
    ComparedSegment,
    group_segments,
    segment_differences,
    slice_segments,
)
from modeltap.comparison.differences.comparison_result import ComparedMetric, Comparison
from modeltap.comparison.differences.confidence_sequence import ALPHA
from modeltap.comparison.differences.metric_differences import paired_differences
from modeltap.comparison.differences.prediction_differences import (
    prediction_differences,
    response_differences,
)
from modeltap.comparison.golden_rows import GoldenRows
from modeltap.comparison.several_outputs import SINGLE, aligned_by_output
from modeltap.config.metrics import output_segment
from modeltap.errors import InputError, nearest
from modeltap.ingest.files.source import OnRead
from modeltap.ingest.files.table import KINDS
from modeltap.replaying.replay_progress import ShowProgress, no_progress
from modeltap.store.connection import connect_reader
from modeltap.store.models import check_model
from modeltap.wording import plural

URL_SCHEMES = ("http://", "https://")
"""The beginnings of a URL; its candidate is replayed first."""


def compare_candidate(
    candidate: str | Path | Predict,
    store: Path | None = None,
    *,
    model: str | None = None,
    since: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    dataset: str | Path | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Comparison:
    """Compare a candidate with a model's rows in a store, or with those of a golden set.

    The arguments are those of `modeltap.compare`; `store` is None with a golden set.
    """
    if dataset is not None:
        golden = GoldenRows(dataset, model)
        return compare_outputs(
            golden, load_candidate(candidate, golden, timeout_seconds=timeout_seconds)
        )
    if model is None or store is None:
        raise InputError("compare() needs model, or dataset")
    start = clock.stored_time(since)
    with closing(connect_reader(store)) as connection:
        check_model(connection, model)
        source = StoredRows(
            connection, model, since=start, version=version, environment=environment
        )
        outputs = load_candidate(
            candidate, source, connection, since=start, timeout_seconds=timeout_seconds
        )
        return compare_outputs(source, outputs)


def load_candidate(
    candidate: str | Path | Predict,
    source: ComparedRows,
    connection: sqlite3.Connection | None = None,
    *,
    since: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    on_read: OnRead = lambda _: None,
    show_replay: ShowProgress = no_progress,
) -> CandidateOutputs:
    """Return a candidate's outputs.

    Args:
        candidate: a file, a URL, ``python:module:function``, a callable, or a stored candidate's
            name.
        connection: the store; None if rows are those of a golden set.
        since: the first event time of a stored candidate.
        timeout_seconds: the limit of a function in a child process.

    Raises `InputError` if there is no such candidate, or if it has no predictions.
    """
    if callable(candidate):
        keys, columns = _features(source)
        return call_function(candidate, keys, columns)
    name = str(candidate)
    if name.startswith(PREFIX):
        keys, columns = _features(source)
        return run_function(name, keys, columns, timeout_seconds)
    if name.startswith(URL_SCHEMES):
        return _behind_url(name, source, connection, since, show_replay)
    stored = [] if connection is None else stored_names(connection, source.model)
    if connection is not None and name in stored and not Path(name).is_file():
        return stored_outputs(connection, source.model, name, since)
    if Path(name).is_file() or _has_suffix(name):
        return read_candidate_file(name, on_read)
    hint = nearest(name, stored)
    if not hint.endswith("?"):
        hint += "; give a file, a URL, python:module:function or the name of a replayed candidate"
    raise InputError(f"candidate {name!r} is neither a file nor a stored candidate{hint}")


def _behind_url(
    url: str,
    source: ComparedRows,
    connection: sqlite3.Connection | None,
    since: str | None,
    show_replay: ShowProgress,
) -> CandidateOutputs:
    """Return the outputs of a candidate that is sent the requests of a store or a golden set."""
    # Imported here, because they load httpx, which takes as long as all the rest.
    from modeltap.comparison.candidates.replayed_candidate import replayed_outputs
    from modeltap.comparison.candidates.served_candidate import sent_outputs

    if isinstance(source, GoldenRows):
        return sent_outputs(source.requests, source.settings, url, show_replay)
    if connection is None:
        raise InputError(f"candidate {url!r} is a URL, which needs the requests of a store")
    return replayed_outputs(connection, source.model, url, since, show_replay)


def compare_outputs(source: ComparedRows, candidate: CandidateOutputs) -> Comparison:
    """Return the differences of a candidate's outputs and the current model's.

    The outputs of a model with several share the chance of a wrong verdict evenly (Bonferroni).

    Raises `InputError` if no row has both, or if their values cannot be compared.
    """
    known = {row.exchange_id for row in source.rows}
    others = {given for given, _ in candidate.by_row} - known
    aligned = align(source.rows, candidate.renamed(source.own_ids(others)))
    by_output = aligned_by_output(aligned)
    labelled, rows, notes = 0, [], [*source.notes, *candidate.notes]
    for name, own in by_output.items():
        compared = _compare_output(source, own, name, ALPHA / len(by_output))
        labelled = max(labelled, compared.labelled)
        rows += compared.rows
        notes += compared.notes
    return Comparison(
        model=source.model,
        version=source.version,
        candidate=candidate.name,
        rows=(*rows, *response_differences(candidate.durations_ms)),
        compared=max(len(own.rows) for own in by_output.values()),
        labelled=labelled,
        left_out={reason: count for reason, count in aligned.left_out.items() if count},
        notes=tuple(dict.fromkeys(notes)),
    )


class _ComparedOutput(NamedTuple):
    """The rows of one output in the result, and its labelled rows."""

    rows: list[ComparedMetric]
    labelled: int
    notes: list[str]


def _compare_output(
    source: ComparedRows, aligned: AlignedOutputs, output: str, alpha: float
) -> _ComparedOutput:
    form = source.form if output == SINGLE else source.form._replace(baseline=None)
    sides = pair_sides(aligned, form)
    labelled = 0 if sides is None else sides.current.rows
    least = max(2, source.settings.min_rows)
    rows: list[ComparedMetric] = []
    notes = []
    if sides is None:
        notes.append("no labelled rows: nothing is better or worse without labels")
    else:
        rows += paired_differences(sides.current, sides.candidate, alpha=alpha, min_rows=least)
        if labelled < least:
            notes.append(f"{plural(labelled, 'labelled row')}: a verdict needs {least:,}")
        elif output == SINGLE:
            rows += segment_differences(sides, list(_segments(source, aligned, sides)))
        else:
            notes.append("the model has several outputs: slices and groups are not compared")
    rows += prediction_differences(
        aligned.current.predictions,
        aligned.candidate.predictions,
        task=form.task if sides is None else sides.current.task,
        form=form.form,
    )
    if output != SINGLE:
        rows = [replace(row, segment=output_segment(output, row.segment)) for row in rows]
    return _ComparedOutput(rows, labelled, notes)


def _has_suffix(name: str) -> bool:
    return Path(name.lower().removesuffix(".gz")).suffix in KINDS


def _features(source: ComparedRows) -> RowFeatures:
    """Return the features of the rows that a function predicts: those with a label, if any have."""
    labelled = [row for row in source.rows if not is_unknown(row.label)]
    features = source.features(labelled or source.rows)
    if not features.keys or not features.columns:
        raise InputError(
            "no row has features for a function: their requests are deleted, or not decoded; give "
            "a file of predictions instead"
        )
    return features


def _segments(
    source: ComparedRows, aligned: AlignedOutputs, sides: PairedSides
) -> Iterator[ComparedSegment]:
    """Yield the groups and slices of the aligned rows."""
    place_of = {(row.exchange_id, row.row): place for place, row in enumerate(aligned.rows)}
    labelled = [aligned.rows[place] for place in sides.places.tolist()]
    grouped = source.groups(labelled)
    yield from _placed(group_segments(grouped.groupings), grouped.keys, place_of)
    features = source.features(labelled)
    slices = slice_segments(features.columns, len(features.keys), source.settings)
    yield from _placed(slices, features.keys, place_of)


def _placed(
    segments: Sequence[ComparedSegment], keys: Sequence[RowId], place_of: Mapping[RowId, int]
) -> Iterator[ComparedSegment]:
    """Yield segments of some rows as segments of all aligned rows."""
    places = np.array([place_of[key] for key in keys], dtype=np.int64)
    for segment in segments:
        is_inside = np.zeros(len(place_of), dtype=bool)
        is_inside[places[segment.is_inside]] = True
        yield dataclasses.replace(segment, is_inside=is_inside)
