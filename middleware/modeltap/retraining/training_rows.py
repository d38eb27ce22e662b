"""The labelled rows of a window as a file, without values that are masked."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.decoding.row_batch import Batch
from modeltap.environments import environment_of
from modeltap.errors import InputError, nearest
from modeltap.export.files import write_file
from modeltap.export.selection import ExportedRows, Selection
from modeltap.privacy.marks import MASK
from modeltap.rows import as_dict
from modeltap.store.models import counted_models
from modeltap.store.retrainings import labelled_times, newest_row_time
from modeltap.store.reviews import chosen_labels

LAST_TIME = "9999"
"""After all event times."""

_HASH = re.compile(r"\[hash:[0-9a-f]{16}\]")


@dataclass(frozen=True)
class RowPeriod:
    """Event times in Unix seconds, half-open; None for no limit."""

    since: float | None = None
    until: float | None = None

    def texts(self) -> tuple[str, str]:
        """Return both as UTC text, "" for no limit."""
        since, until = (
            "" if moment is None else clock.iso(moment) for moment in (self.since, self.until)
        )
        return since, until


def environment_of_rows(connection: sqlite3.Connection, model: str, policy: RetrainSettings) -> str:
    """Return the environment of the rows to train on; "" for rows without one.

    That of the policy, else the one with the most labelled rows: rows of a test environment do not
    get into a model of the production.

    Raises `InputError` if the model has no rows in the policy's environment.
    """
    versions = _versions_by_environment(connection, model)
    if policy.environment is not None:
        if policy.environment not in versions:
            raise InputError(
                f"model {model!r} has no rows in the environment {policy.environment!r}"
                f"{nearest(policy.environment, versions)}"
            )
        return policy.environment
    if len(versions) < 2:
        return next(iter(versions), "")
    labelled = {
        environment: len(labelled_times(connection, model, own, "", LAST_TIME))
        for environment, own in versions.items()
    }
    return max(sorted(labelled), key=labelled.__getitem__)


def _versions_by_environment(connection: sqlite3.Connection, model: str) -> dict[str, list[str]]:
    """Return the analysed versions of a model in each environment."""
    versions: dict[str, list[str]] = {}
    for own in counted_models(connection):
        if own.model == model:
            versions.setdefault(environment_of(own.version) or "", []).append(own.version)
    return versions


def period_of(selection: Selection, model: str, policy: RetrainSettings) -> RowPeriod:
    """Return the period of the rows to train on: the older labelled rows of the policy's window, in
    the selection's environment.

    The window ends with the model's last row, not now: rows of a replay or an import are older than
    the clock. The newest labelled rows, a fraction `holdout`, are kept for the comparison: a model
    is better on the rows that it was trained on.
    """
    by_environment = _versions_by_environment(selection.connection, model)
    versions = by_environment.get(selection.environment or "", [])
    newest = clock.parse(newest_row_time(selection.connection, model, versions) or "")
    if newest is None:
        return RowPeriod()
    length = policy.window_seconds
    since, until = None if length is None else newest - length, newest + 0.001
    first = "" if since is None else clock.iso(since)
    times = labelled_times(selection.connection, model, versions, first, clock.iso(until))
    held_out = round(policy.holdout * len(times))
    if held_out and times[0] < times[-held_out]:
        until = clock.parse(times[-held_out]) or until
    return RowPeriod(since, until)


class TrainingRows(Selection):
    """Labelled rows without masked values; `left_out` has the columns that lost some."""

    def _labels(self, batch: Batch) -> list[Any]:
        """Return the labels; those of chosen rows of a review are true, too."""
        labels = super()._labels(batch)
        chosen = chosen_labels(self.connection, list(dict.fromkeys(batch.ids)))
        places = zip(batch.ids, batch.row_numbers, strict=True)
        return [
            chosen.get(place) if label is None else label
            for place, label in zip(places, labels, strict=True)
        ]

    def read(self) -> Iterator[ExportedRows]:
        """Yield the rows; a row with a masked label is left out."""
        self.left_out: set[str] = set()
        for rows in super().read():
            rows.features = [self._unmasked(as_dict(row)) for row in rows.features]
            rows.answers = [self._unmasked(answer) for answer in rows.answers]
            for name in ("prediction", "probabilities"):
                rows.fixed[name] = [
                    None if is_masked(value) else value for value in rows.fixed[name]
                ]
            masked = [is_masked(label) for label in rows.fixed["label"]]
            if any(masked):
                self.left_out.add("label")
                rows = rows.picked([place for place, is_out in enumerate(masked) if not is_out])
            yield rows

    def _unmasked(self, row: dict[str, Any]) -> dict[str, Any]:
        masked = [name for name, value in row.items() if is_masked(value)]
        if not masked:
            return row
        self.left_out.update(masked)
        return {name: value for name, value in row.items() if name not in masked}


def is_masked(value: Any) -> bool:
    """Return True if a value, or a part of it, is a mark or a keyed hash.

    A hash is left out, too: when the model is served, it is given the value itself.

    >>> is_masked("[masked]"), is_masked({"a": ["x [hash:0123456789abcdef]"]}), is_masked("mask")
    (True, True, False)
    """
    if isinstance(value, str):
        return MASK in value or _HASH.search(value) is not None
    if isinstance(value, dict):
        return any(map(is_masked, value.values())) or any(map(is_masked, value))
    return isinstance(value, (list, tuple)) and any(map(is_masked, value))


def write_training_rows(rows: TrainingRows, path: Path, policy: RetrainSettings) -> int:
    """Write the rows to `path` in the policy's format; return their number."""
    return write_file(rows, path, policy.format, lambda _: None)
