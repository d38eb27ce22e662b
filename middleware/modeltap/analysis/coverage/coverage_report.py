"""All that is monitored of a model and all that is not, from its reference and newest exchanges."""

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
from modeltap.analysis.coverage.untested_columns import untested_columns
from modeltap.analysis.coverage.untested_metrics import untested_metrics
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings, SettingsByModel
from modeltap.environments import environment_of, named, with_environment
from modeltap.store.models import ModelVersion, environments_of, known_models
from modeltap.store.references import active_references
from modeltap.wording import plural

_NAMED = 3
"""A line has room for so many columns or problems."""

_WITHIN = 100_000
"""Exchanges of all models that a pass goes back for those of one: a second at most."""


@dataclass(frozen=True)
class Coverage:
    """What of a model in an environment is monitored: `tested` of its `columns`; what is not.

    `has_reference` is false while nothing was learnt; its columns are those of recent rows then.
    `notes` are facts about columns that do not keep them from being tested.
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
        """The model and its environment in words."""
        return named(self.model, with_environment("", self.environment))

    @property
    def problems(self) -> list[Unmonitored]:
        """What needs to be fixed."""
        return [one for one in self.unmonitored if one.level == "problem"]

    @property
    def untested(self) -> list[Unmonitored]:
        """The columns that no test compares."""
        found = (one for one in self.unmonitored if one.check == "features" and one.subject)
        return [one for one in found if not one.is_tested]

    @property
    def untested_line(self) -> str | None:
        """The columns that no test compares on one line; None where all are compared."""
        if not self.untested:
            return None
        named = ", ".join(f"{one.subject} ({one.reason})" for one in self.untested[:_NAMED])
        more = ", ..." if len(self.untested) > _NAMED else ""
        of = f"{len(self.untested):,} of {plural(self.columns, 'column')}"
        return f"{self.name}: {of} not tested: {named}{more}; modeltap doctor has the fixes"

    @property
    def summary(self) -> str | None:
        """All that is not monitored in a few words; None where everything is."""
        parts = [one.statement for one in condensed(self.problems)[:_NAMED]]
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
    """Return what of a model in an environment is monitored, and what is not.

    Args:
        settings: as they hold for the model.
        environment: None for exchanges without one.
    """
    recent = recent_rows(connection, settings, model, environment=environment or "")
    references = [
        one for one in _references(connection, model) if environment_of(one.version) == environment
    ]
    columns = [
        one
        for reference in references
        for one in untested_columns(reference, settings, recent.columns)
    ]
    known = _columns(references, RecentRows.nothing())
    inputs = sum(not is_output(name) for name in recent.columns)
    total = sum(len(one.columns) + len(one.unmonitored) for one in references)
    masked = list(masked_columns(model, recent, known, total or inputs))
    untested = [one for one in columns if not one.is_tested and not _is_output(one)]
    found = [
        *missing_parts(model, recent.counts, settings, recent),
        *settings_without_match(connection, settings, model, environment, within=None),
        *untested_metrics(connection, model, environment),
        *columns,
        *masked,
        *_nothing_tested(model, total, len(untested)),
    ]
    version = with_environment("", environment)
    own = tuple(replace(one, version=one.version or version) for one in found)
    # Until there is a reference, the columns of recent rows are those that will be.
    counted = total + len(masked) if total else inputs
    tested = counted - len(untested) - len(masked)
    notes = [note for one in references for note in column_notes(one, settings, recent.columns)]
    return Coverage(
        model, environment, bool(references), counted, tested, own, tuple(dict.fromkeys(notes))
    )


def masked_so_far(
    connection: sqlite3.Connection, settings: Settings, model: str, environment: str | None
) -> list[Unmonitored] | None:
    """Return the columns of new rows that a mask blanks; None while these are too few to tell.

    Those of a frozen reference are among its untested columns.
    """
    recent = newest_rows(connection, settings, model, environment or "")
    if len(recent.batch.rows) < MASKED_ROWS:
        return None
    own = [
        one
        for one in _references(connection, model)
        if environment_of(one.version) == environment and one.state == "active"
    ]
    known = _columns(own, RecentRows.nothing())
    return list(masked_columns(model, recent, known, len(recent.columns)))


def newest_rows(
    connection: sqlite3.Connection, settings: Settings, model: str, environment: str
) -> RecentRows:
    """Decode a model's newest exchanges in an environment, as far as a pass goes back for them."""
    return recent_rows(connection, settings, model, environment=environment, within=_WITHIN)


def settings_without_match(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    environment: str | None,
    *,
    within: int | None = _WITHIN,
) -> list[Unmonitored]:
    """Return the settings of a model that fit nothing in an environment.

    Features and columns of mappings are settings of all environments: where they fit in one of
    them, they fit. A rule may be about one environment.

    Exchanges are decoded only where a name is in no reference, which most passes spares them.

    Args:
        within: exchanges of all models that are gone back for those of this one; None for all.
    """
    if not (settings.features or settings.rules or settings.mapping):
        return []
    environment = environment or None
    of = ModelVersion(model, with_environment("", environment))
    references, nothing = _references(connection, model), RecentRows.nothing()
    known = _columns(references, nothing)
    is_enough = settings.mapping is None and bool(known)
    own = [one for one in references if environment_of(one.version) == environment]
    idle = list(rules_without_metric(connection, of, settings, own))
    if is_enough and not unmatched_settings(of, settings, known, nothing):
        return idle
    recent = recent_rows(connection, settings, model, within=within)
    return [*unmatched_settings(of, settings, _columns(references, recent), recent), *idle]


def of_store(connection: sqlite3.Connection, settings: Settings) -> list[Unmonitored]:
    """Return what concerns the store: labels that join nothing, settings of unknown models."""
    models = known_models(connection)
    return [*unjoined_labels(connection, models), *unmatched_models(settings, models)]


def with_labels(connection: sqlite3.Connection, coverage: Coverage) -> Coverage:
    """Return a coverage with the labels that join nothing, and may be the model's."""
    labels = unjoined_labels(connection, known_models(connection))
    own = (one for one in labels if one.model in (None, coverage.model))
    return dataclasses.replace(coverage, unmonitored=(*own, *coverage.unmonitored))


def _references(connection: sqlite3.Connection, model: str) -> list[Reference]:
    return [Reference.from_json(row.payload) for row in active_references(connection, model)]


def _columns(references: list[Reference], recent: RecentRows) -> set[str]:
    known = {name for one in references for name in (*one.by_name, *one.unmonitored)}
    return known | set(recent.columns)


def _is_output(one: Unmonitored) -> bool:
    return is_output(one.subject)


def _nothing_tested(model: str, total: int, untested: int) -> list[Unmonitored]:
    """Return the finding that no column of a model is tested, though it has some."""
    if not total or untested < total:
        return []
    return [
        Unmonitored(
            check="features",
            model=model,
            level="note",
            reason="no change of the inputs shows",
        )
    ]
