"""Everything that is and is not monitored of a model, from its reference and newest exchanges."""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass

from msgspec.structs import replace

from modeltap.analysis.coverage.column_notes import ColumnNote, column_notes
from modeltap.analysis.coverage.masked_columns import MASKED_ROWS, masked_columns
from modeltap.analysis.coverage.missing_parts import missing_parts
from modeltap.analysis.coverage.recent_rows import RecentRows, recent_rows
from modeltap.analysis.coverage.rules_without_metric import rules_without_metric
from modeltap.analysis.coverage.unjoined_labels import unjoined_labels
from modeltap.analysis.coverage.unmatched_settings import unmatched_models, unmatched_settings
from modeltap.analysis.coverage.unmonitored import Unmonitored, condensed
from modeltap.analysis.coverage.untested_columns import new_columns, untested_columns
from modeltap.analysis.coverage.untested_metrics import (
    failed_evaluators,
    unpriced_outputs,
    untested_metrics,
    unused_labels_of,
)
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings, SettingsByModel
from modeltap.environments import environment_of, named, with_environment
from modeltap.store.models import ModelVersion, environments_of, known_models
from modeltap.store.references import active_references
from modeltap.wording import plural

_NAMED = 3
"""Columns or problems that fit into one line."""

_WITHIN = 100_000
"""Exchanges of all models that one pass searches for those of a model: a second at most."""


@dataclass(frozen=True)
class Coverage:
    """The monitoring coverage of a model in an environment: `tested` of its `columns`.

    `unmonitored` has what is not monitored. `has_reference` is False until a reference is learnt;
    the columns are then those of recent rows. `notes` are facts about columns that are tested
    nevertheless.
    """

    model: str
    environment: str | None
    has_reference: bool
    columns: int
    tested: int
    unmonitored: tuple[Unmonitored, ...]
    notes: tuple[ColumnNote, ...] = ()

    @property
    def name(self) -> str:
        """The name of the model and its environment."""
        return named(self.model, with_environment("", self.environment))

    @property
    def problems(self) -> list[Unmonitored]:
        """The findings that need a fix."""
        return [finding for finding in self.unmonitored if finding.level == "problem"]

    @property
    def untested(self) -> list[Unmonitored]:
        """The columns that no test compares."""
        features = (
            finding
            for finding in self.unmonitored
            if finding.check == "features" and finding.subject
        )
        return [finding for finding in features if not finding.is_tested]

    @property
    def untested_line(self) -> str | None:
        """The columns that no test compares, in one line; None if all are compared."""
        if not self.untested:
            return None
        named = ", ".join(
            f"{finding.subject} ({finding.reason})" for finding in self.untested[:_NAMED]
        )
        more = ", ..." if len(self.untested) > _NAMED else ""
        of = f"{len(self.untested):,} of {plural(self.columns, 'column')}"
        return f"{self.name}: {of} not tested: {named}{more}; modeltap doctor has the fixes"

    @property
    def summary(self) -> str | None:
        """Everything that is not monitored, briefly; None if everything is."""
        parts = [finding.statement for finding in condensed(self.problems)[:_NAMED]]
        if self.untested:
            parts.append(f"{len(self.untested):,} of {plural(self.columns, 'column')} not tested")
        return "; ".join(parts) or None


def coverages(
    connection: sqlite3.Connection, settings: SettingsByModel, model: str | None = None
) -> list[Coverage]:
    """Return the coverage of each model and environment of a store, or of one model, by name."""
    names = known_models(connection) if model is None else [model]
    return [
        coverage_of(connection, settings.for_model(name), name, environment)
        for name in names
        for environment in environments_of(connection, name)
    ]


def coverage_of(
    connection: sqlite3.Connection, settings: Settings, model: str, environment: str | None
) -> Coverage:
    """Return what is and what is not monitored of a model in an environment.

    Args:
        settings: the model's own.
        environment: None for exchanges without one.
    """
    recent = recent_rows(connection, settings, model, environment=environment or "")
    references = [
        reference
        for reference in _references(connection, model)
        if environment_of(reference.version) == environment
    ]
    columns = [
        finding
        for reference in references
        for finding in untested_columns(reference, settings, recent.columns)
    ]
    known = _columns(references, RecentRows.nothing())
    inputs = sum(not is_output(name) for name in recent.columns)
    total = sum(len(reference.columns) + len(reference.unmonitored) for reference in references)
    masked = list(masked_columns(model, recent, known, total or inputs))
    new = new_columns(references, recent.columns, [str(finding.subject) for finding in masked])
    untested = [finding for finding in columns if not finding.is_tested and not _is_output(finding)]
    findings = [
        *missing_parts(model, recent.counts, settings, recent),
        *settings_without_match(connection, settings, model, environment, within=None),
        *untested_metrics(connection, model, environment),
        *unused_labels_of(connection, model, environment),
        *failed_evaluators(connection, model, environment),
        *unpriced_outputs(connection, settings.prices, model, environment),
        *columns,
        *masked,
        *new,
        *_nothing_tested(model, total, len(untested)),
    ]
    version = with_environment("", environment)
    own = tuple(replace(finding, version=finding.version or version) for finding in findings)
    # Without a reference, the columns of recent rows are those that it will have.
    counted = total + len(masked) + len(new) if total else inputs
    tested = counted - len(untested) - len(masked) - len(new)
    notes = [
        note
        for reference in references
        for note in column_notes(reference, settings, recent.columns)
    ]
    return Coverage(
        model, environment, bool(references), counted, tested, own, tuple(dict.fromkeys(notes))
    )


def masked_so_far(
    connection: sqlite3.Connection, settings: Settings, model: str, environment: str | None
) -> list[Unmonitored] | None:
    """Return the columns of new rows that a mask blanks; None if there are too few rows.

    The masked columns of a frozen reference are among its untested columns.
    """
    recent = newest_rows(connection, settings, model, environment or "")
    if len(recent.batch.rows) < MASKED_ROWS:
        return None
    own = [
        reference
        for reference in _references(connection, model)
        if environment_of(reference.version) == environment and reference.state == "active"
    ]
    known = _columns(own, RecentRows.nothing())
    return list(masked_columns(model, recent, known, len(recent.columns)))


def newest_rows(
    connection: sqlite3.Connection, settings: Settings, model: str, environment: str
) -> RecentRows:
    """Decode a model's newest exchanges in an environment, among the newest of all models."""
    return recent_rows(connection, settings, model, environment=environment, within=_WITHIN)


def settings_without_match(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    environment: str | None,
    *,
    within: int | None = _WITHIN,
) -> list[Unmonitored]:
    """Return the settings of a model that match nothing in an environment.

    Features, groups and columns of mappings are settings for all environments, so a match in one
    of them is enough. A rule may be about one environment. Exchanges are decoded only if a name is
    in no reference, which is rare.

    Args:
        within: exchanges of all models that are searched for those of this one; None for all.
    """
    if not (settings.features or settings.groups or settings.rules or settings.mapping):
        return []
    environment = environment or None
    of = ModelVersion(model, with_environment("", environment))
    references, nothing = _references(connection, model), RecentRows.nothing()
    known = _columns(references, nothing)
    is_enough = settings.mapping is None and bool(known)
    own = [
        reference for reference in references if environment_of(reference.version) == environment
    ]
    idle = list(rules_without_metric(connection, of, settings, own))
    if is_enough and not unmatched_settings(of, settings, known, nothing):
        return idle
    recent = recent_rows(connection, settings, model, within=within)
    return [*unmatched_settings(of, settings, _columns(references, recent), recent), *idle]


def of_store(connection: sqlite3.Connection, settings: Settings) -> list[Unmonitored]:
    """Return the store's findings: labels without a prediction, settings of unknown models."""
    models = known_models(connection)
    return [*unjoined_labels(connection, models), *unmatched_models(settings, models)]


def with_labels(connection: sqlite3.Connection, coverage: Coverage) -> Coverage:
    """Return a coverage with unjoined labels that are the model's, or may be."""
    labels = unjoined_labels(connection, known_models(connection))
    own = (finding for finding in labels if finding.model in (None, coverage.model))
    return dataclasses.replace(coverage, unmonitored=(*own, *coverage.unmonitored))


def _references(connection: sqlite3.Connection, model: str) -> list[Reference]:
    return [Reference.from_json(row.payload) for row in active_references(connection, model)]


def _columns(references: list[Reference], recent: RecentRows) -> set[str]:
    known = {
        name for reference in references for name in (*reference.by_name, *reference.unmonitored)
    }
    return known | set(recent.columns)


def _is_output(finding: Unmonitored) -> bool:
    return is_output(finding.subject)


def _nothing_tested(model: str, total: int, untested: int) -> list[Unmonitored]:
    """Return the finding that no column of a model is tested, if it has columns."""
    if not total or untested < total:
        return []
    return [
        Unmonitored(
            check="features",
            model=model,
            level="note",
            reason="changes of the inputs are not detected",
        )
    ]
