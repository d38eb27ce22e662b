"""The rows of the current model that a candidate is compared on: of a store, or of a golden set."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from modeltap.analysis.fairness.group_reader import read_groups
from modeltap.analysis.fairness.groupings import Grouping, with_intersections
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.analysis.slices.error_rows import ErrorRows, with_columns
from modeltap.comparison.aligned_outputs import ModelForm
from modeltap.comparison.candidates.candidate_outputs import RowId
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.environments import environment_of, named, version_of
from modeltap.errors import InputError, nearest
from modeltap.store.label_targets import find_targets
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.models import counted_models
from modeltap.store.predictions import (
    LAST,
    labelled_predictions,
    newest_event_time,
)
from modeltap.store.references import active_reference
from modeltap.store.settings import SettingsReader

_IDS_AT_ONCE = 2000
"""Ids that are looked up together."""


class RowFeatures(NamedTuple):
    """The features of n rows: their ids, and (n,) values of each feature."""

    keys: Sequence[RowId]
    columns: Mapping[str, Sequence[Any]]


class GroupedKeys(NamedTuple):
    """The groups of n rows."""

    keys: Sequence[RowId]
    groupings: Sequence[Grouping]


class ComparedRows(Protocol):
    """Rows of one version of a model, with its predictions, labels, features and groups."""

    @property
    def model(self) -> str:
        """The name of the model."""

    @property
    def version(self) -> str:
        """Its version, "" if it has none."""

    @property
    def settings(self) -> Settings:
        """The model's own settings."""

    @property
    def form(self) -> ModelForm:
        """The form of the values, as far as it is known."""

    @property
    def rows(self) -> Sequence[LabelledPrediction]:
        """The predictions and labels."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for people about what is not compared."""

    def own_ids(self, ids: Collection[str], /) -> Mapping[str, str | None]:
        """Return the exchange of each id; None for an id of several, none for unknown ones."""

    def features(self, rows: Sequence[LabelledPrediction]) -> RowFeatures:
        """Return the features of those of `rows` that have some."""

    def groups(self, rows: Sequence[LabelledPrediction]) -> GroupedKeys:
        """Return the groups of those of `rows` that are in one."""


class StoredRows:
    """The rows of a store, of the model's newest version.

    Args:
        since: the first event time, as `clock.iso`; None for all.
        version: another version, without its environment.
        environment: "" for rows without one; None for that of the newest row.

    Raises `InputError` if the model has no rows, or no such version.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        model: str,
        *,
        since: str | None = None,
        version: str | None = None,
        environment: str | None = None,
    ) -> None:
        self.model = model
        self._connection = connection
        self._since = since or ""
        self._others = 0
        self._analyzed = self._chosen(version, environment)

    def _chosen(self, version: str | None, environment: str | None) -> str:
        """Return the analysed version to compare."""
        counted = [
            own.version for own in counted_models(self._connection) if own.model == self.model
        ]
        times = {own: newest_event_time(self._connection, self.model, own) for own in counted}
        known = {own: time for own, time in times.items() if time is not None}
        if not known:
            raise InputError(
                f"model {self.model!r} has no predictions; `modeltap analyze` reads them from new "
                "exchanges"
            )
        if environment is not None:
            environments = {environment_of(own) or "" for own in known}
            if environment not in environments:
                raise InputError(
                    f"model {self.model!r} has no rows in the environment {environment!r}"
                    f"{nearest(environment, environments)}"
                )
            known = {own: known[own] for own in known if _is_in(own, environment)}
        names = {version_of(own) for own in known}
        if version is not None and version not in names | set(known):
            raise InputError(
                f"model {self.model!r} has no version {version!r}{nearest(version, names)}"
            )
        chosen = {
            own: time for own, time in known.items() if version in (None, own, version_of(own))
        }
        newest = max(chosen, key=lambda own: (chosen[own] or "", own))
        self._others = len(known) - 1
        return newest

    @property
    def version(self) -> str:
        """The version that is compared."""
        return version_of(self._analyzed)

    @property
    def notes(self) -> tuple[str, ...]:
        """That there are other versions."""
        if not self._others:
            return ()
        name = f"version {self.version!r} of {named(self.model, self._analyzed)}"
        return (f"compared with {name}; other versions are left out (--version chooses one)",)

    @cached_property
    def settings(self) -> Settings:
        """The model's own settings."""
        return SettingsReader(self._connection).for_model(self.model)

    @cached_property
    def form(self) -> ModelForm:
        """The settings of the labels, and the performance in the reference."""
        stored = active_reference(self._connection, self.model, self._analyzed)
        baseline = None if stored is None else Reference.from_json(stored.payload).performance
        settings = self.settings
        label_form = LabelForm(settings.positive, settings.decision_threshold)
        return ModelForm(settings.task, label_form, baseline)

    @cached_property
    def rows(self) -> Sequence[LabelledPrediction]:
        """The rows since the given time, in event order."""
        start = (self._since, -1, -1)
        return labelled_predictions(self._connection, self.model, self._analyzed, start, LAST)

    def own_ids(self, ids: Collection[str], /) -> Mapping[str, str | None]:
        """Return the exchange of each id: its own, its request's, its protocol's or its trace's."""
        own: dict[str, str | None] = {}
        listed = list(ids)
        for start in range(0, len(listed), _IDS_AT_ONCE):
            part = listed[start : start + _IDS_AT_ONCE]
            targets = find_targets(self._connection, dict(zip(part, part, strict=True)), self.model)
            own |= {
                id_: target.exchange_id
                for id_, target in targets.items()
                if target.exchange_id is not None or target.candidates
            }
        return own

    def features(self, rows: Sequence[LabelledPrediction]) -> RowFeatures:
        """Return the features of at most 100,000 rows whose exchange is still stored."""
        blank = [None] * len(rows)
        own = with_columns(
            self._connection, ErrorRows(rows, np.zeros(len(rows)), blank, blank), self.settings
        )
        inputs = {name: column for name, column in own.columns.items() if not is_output(name)}
        return RowFeatures(own.keys, inputs)

    def groups(self, rows: Sequence[LabelledPrediction]) -> GroupedKeys:
        """Return the groups that the settings name, and their intersections."""
        if not self.settings.groups:
            return GroupedKeys([], [])
        grouped = read_groups(self._connection, self.settings, rows)
        keys = [(row.exchange_id, row.row) for row in grouped.rows]
        groupings = grouped.groupings(self.settings.groups, None)
        return GroupedKeys(keys, with_intersections(groupings))


def _is_in(analyzed: str, environment: str) -> bool:
    return (environment_of(analyzed) or "") == environment
