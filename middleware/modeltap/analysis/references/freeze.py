"""Freezing of a reference: from the first rows, from a period, or from a file's columns."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.sample import REFERENCE_ROWS, Sample, choose, sample
from modeltap.analysis.counting.window_starts import starts
from modeltap.analysis.estimation.outcomes import outcomes
from modeltap.analysis.fairness.gap_learning import gaps_of_file
from modeltap.analysis.inference.infer import for_untyped_file
from modeltap.analysis.model.halves import halves
from modeltap.analysis.model.local_times import hours_of_the_week
from modeltap.analysis.model.monitored import choose_columns, notice
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.learn_rhythm import drift_window_of, learn_rhythm
from modeltap.analysis.references.performance_baseline import (
    Times,
    label_form,
    learn_baselines,
    with_records,
)
from modeltap.analysis.references.rhythm import pack_blocks
from modeltap.analysis.references.row_variation import RowGroups, row_baselines
from modeltap.config.reference_settings import parse_reference
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.decoding.list_columns import ListRules, spread
from modeltap.decoding.outputs import predictions_in
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.row_tables import picked
from modeltap.decoding.times import write_times
from modeltap.errors import InputError
from modeltap.ingest.files.table import Table, open_table
from modeltap.ingest.roles import Roles, choose_roles
from modeltap.logs import logger
from modeltap.rows import columns
from modeltap.store.connection import writing
from modeltap.store.labels import last_labels, newest_label
from modeltap.store.learning_progress import delete_provisional
from modeltap.store.predictions import StoredRow
from modeltap.store.references import (
    SampledRow,
    active_reference,
    save_blocks,
    save_reference,
    save_rows,
)

_LABELLED_AT_ONCE = 900
"""Exchanges whose labels are read in one query; SQLite allows 999 parameters."""


def freeze_named_file(counter: WindowCounter, model: str, version: str) -> Reference:
    """Freeze the file in the settings; raise `InputError` if it cannot be read."""
    settings = counter.settings.for_model(model)
    path = parse_reference(settings.reference).path
    table = open_table(path, codes_of=settings.codes_of)
    for text in table.notices:
        logger.warning("modeltap: %s: reference %s: %s", model, path, text)
    _, _, timestamp = settings.event_time.partition("body:")
    roles = choose_roles(table, timestamp=timestamp if timestamp in table.columns else None)
    return freeze_file(counter.connection, settings, table, roles, model=model, version=version)


def freeze_file(
    connection: sqlite3.Connection,
    settings: Settings,
    table: Table,
    roles: Roles,
    *,
    model: str,
    version: str,
) -> Reference:
    """Freeze the rows of a table; predictions and labels give the model's performance as well.

    Raises `InputError` for a file with fewer than two rows.
    """
    rows = [row for _, row in table.rows()]
    if len(rows) < 2:
        raise InputError(
            f"file {table.path.name!r} has {len(rows)} rows; a reference needs at least 2"
        )
    listed = columns(roles.features_of(row) for row in rows)
    values = spread(listed, (), ListRules.of(settings))
    for name, column in roles.outputs():
        if column:
            values[name] = [row.get(column) for row in rows]
    labels = [row.get(roles.label) if roles.label else None for row in rows]
    times = [math.nan if (time := roles.time_of(row)) is None else time for row in rows]
    keys = [(table.path.name, number) for number in range(len(rows))]
    return freeze(
        connection,
        settings,
        values,
        times,
        labels,
        keys,
        model=model,
        version=version,
        source=table.path.name,
        facts={"groups": gaps_of_file(settings, values, labels, times)},
        untyped=table.kind == "csv",
    )


def freeze_rows(
    counter: WindowCounter,
    model: str,
    version: str,
    picked: Sequence[StoredRow],
    source: str,
    rolling: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Reference:
    """Freeze a reference of the stored rows `picked`.

    Args:
        rolling: the setting of a rolling reference, which takes only its bins from these rows.
        facts: fields of the reference that do not follow from its rows.
    """
    batch = counter.read_picked(model, picked)
    labels = _labels_of(counter.connection, batch)
    keys = list(zip(batch.ids, batch.row_numbers, strict=True))
    return freeze(
        counter.connection,
        counter.settings.for_model(model),
        batch.columns(),
        batch.times,
        labels,
        keys,
        model=model,
        version=version,
        source=source,
        rolling=rolling,
        facts=facts,
    )


def freeze(
    connection: sqlite3.Connection,
    settings: Settings,
    columns: dict[str, Sequence[Any]],
    times: Sequence[float],
    labels: Sequence[Any],
    keys: Sequence[tuple[str, int]],
    *,
    model: str,
    version: str,
    source: str,
    rolling: str = "",
    facts: Mapping[str, Any] | None = None,
    untyped: bool = False,
) -> Reference:
    """Fit a reference to columns of length n and make it the active one.

    Args:
        times: (n,) Unix seconds, NaN where unknown.
        labels: (n,) true values, None where unknown.
        keys: (n,) exchange id and row, by which a person's rows are found.
        facts: fields of the reference that do not follow from its rows.
        untyped: whether its rows do not distinguish digits as text from numbers.
    """
    columns, unmonitored = choose_columns(
        columns,
        settings.max_features,
        declared=settings.features,
        before=_features_before(connection, model, version),
    )
    rows = _SourceRows(columns, np.array(times, dtype=np.float64), labels, keys)
    reference = _fitted(rows, settings, untyped, model, version, source, rolling)
    learnt = None
    if len(rows.known_moments) == len(rows.moments) > 0:
        learnt = learn_rhythm(reference, columns, rows.moments, settings)
        reference = learnt.reference
    places = choose_rows(reference, keys)
    part = rows.at(places)
    coded = sample(part.columns, len(places), reference)
    is_provisional = (facts or {}).get("state") == "provisional"  # its rows are never compared
    if learnt is not None and settings.multivariate and not rolling and not is_provisional:
        groups = RowGroups(reference, coded, part.moments, learnt.rhythm)
        baselines = row_baselines(groups, columns, rows.moments, learnt.windows)
        reference = replace(reference, row_baselines=baselines)
    hours = tuple(sorted(hours_of_the_week(rows.known_moments, settings.timezone)))
    reference = replace(reference, hours=hours, unmonitored=unmonitored, **(facts or {}))
    with writing(connection):
        save(connection, reference)
        save_rows(connection, reference.id, _sampled_rows(reference, part, coded, settings))
        save_blocks(connection, reference.id, pack_blocks(learnt.blocks) if learnt else ())
    if (text := notice(reference)) is not None:
        logger.warning("modeltap: %s: %s", model, text)
    return reference


class _SourceRows(NamedTuple):
    """The n rows that a reference is made of, or a sample of them.

    Attributes:
        columns: (n,) values by name.
        moments: (n,) Unix seconds, NaN where unknown.
        labels: (n,) true values, None where unknown.
        keys: (n,) exchange id and row.
    """

    columns: Mapping[str, Sequence[Any]]
    moments: np.ndarray
    labels: Sequence[Any]
    keys: Sequence[tuple[str, int]]

    @property
    def known_moments(self) -> np.ndarray:
        """The times that are known."""
        return np.asarray(self.moments[~np.isnan(self.moments)])

    def at(self, places: Sequence[int]) -> _SourceRows:
        """Return the rows at (m,) places."""
        return _SourceRows(
            {name: picked(column, places) for name, column in self.columns.items()},
            self.moments[places],
            [self.labels[place] for place in places],
            [self.keys[place] for place in places],
        )


def _fitted(
    rows: _SourceRows,
    settings: Settings,
    untyped: bool,
    model: str,
    version: str,
    source: str,
    rolling: str,
) -> Reference:
    """Return the reference with its features and, if there are labels, its performance."""
    known = rows.known_moments
    reference = fit(
        rows.columns,
        len(rows.moments),
        model=model,
        version=version,
        source=source,
        declared=settings.declared(rows.columns),
        times=rows.moments if len(known) else None,
        from_time=clock.iso(float(known.min())) if len(known) else None,
        to_time=clock.iso(float(known.max()) + 0.001) if len(known) else None,
        window=Window.parse(settings.window).text,
        timezone=settings.timezone,
        rolling=rolling,
    )
    records = learn_baselines(
        predictions_in(rows.columns),
        rows.labels,
        settings.task,
        _times(rows.moments, settings),
        label_form(settings),
        rows.columns.get("score"),
    )
    reference = with_records(reference, records)
    if untyped:
        reference = replace(reference, features=tuple(map(for_untyped_file, reference.features)))
    return replace(reference, drift_window=drift_window_of(settings, rows.moments))


def _sampled_rows(
    reference: Reference, rows: _SourceRows, coded: Sample, settings: Settings
) -> list[SampledRow]:
    """Return a sample of a reference's rows as it is stored."""
    packed = coded.pack()
    if not packed:  # without a coded column no row can be compared
        return []
    times = write_times(rows.moments)
    own = _outcomes(reference, rows.columns, rows.labels, settings)
    return [
        SampledRow(*key, time, row, *outcome)
        for key, time, row, outcome in zip(rows.keys, times, packed, own, strict=True)
    ]


def _outcomes(
    reference: Reference,
    columns: Mapping[str, Sequence[Any]],
    labels: Sequence[Any],
    settings: Settings,
) -> list[tuple[float | None, float | None]]:
    """Return the numbers of each sampled row's prediction and label; None where unknown."""
    each: list[tuple[float | None, float | None]] = [(None, None)] * len(labels)
    known, predictions = reference.performance, predictions_in(columns)
    if known is None or predictions is None or reference.output_performance:
        return each
    own = outcomes(predictions, labels, columns.get("score"), known, label_form(settings))
    for place, outcome in own.by_place():
        each[place] = outcome
    return each


def _features_before(connection: sqlite3.Connection, model: str, version: str) -> Collection[str]:
    row = active_reference(connection, model, version)
    return () if row is None else Reference.from_json(row.payload).by_name


def choose_rows(reference: Reference, keys: Sequence[tuple[str, int]]) -> list[int]:
    """Return the positions of the rows to sample, without those that chose the words."""
    if not any(feature.halved for feature in reference.features):
        return choose(keys, REFERENCE_ROWS)
    held: list[int] = halves(len(keys))[1].tolist()
    return [held[place] for place in choose([keys[place] for place in held], REFERENCE_ROWS)]


def _times(moments: np.ndarray, settings: Settings) -> Times | None:
    if not len(moments) or np.isnan(moments).any():
        return None
    return Times(moments, starts(moments, Window.parse(settings.window).clocked), settings.min_rows)


def save(connection: sqlite3.Connection, reference: Reference) -> None:
    """Write `reference`, inside the caller's transaction."""
    save_reference(
        connection,
        id=reference.id,
        model=reference.model,
        version=reference.version,
        source=reference.source,
        rows=reference.rows,
        from_time=reference.from_time,
        to_time=reference.to_time,
        state=reference.state,
        payload=reference.to_json(),
    )
    if reference.state == "active":
        delete_provisional(connection, reference.model, reference.version)


def _labels_of(connection: sqlite3.Connection, batch: Batch) -> list[Any]:
    """Return the last label of each row, None if it has none."""
    ids, newest = list(dict.fromkeys(batch.ids)), newest_label(connection)
    labels: dict[tuple[str, int], Any] = {}
    for first in range(0, len(ids), _LABELLED_AT_ONCE) if newest else ():
        labels |= last_labels(connection, ids[first : first + _LABELLED_AT_ONCE], newest)
    return [labels.get(key) for key in zip(batch.ids, batch.row_numbers, strict=True)]
