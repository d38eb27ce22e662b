"""All that is monitored of a model and all that is not, from its reference and newest exchanges."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from modeltap.analysis.coverage.missing_parts import missing_parts
from modeltap.analysis.coverage.recent_rows import RecentRows, recent_rows
from modeltap.analysis.coverage.unjoined_labels import unjoined_labels
from modeltap.analysis.coverage.unmatched_settings import unmatched_models, unmatched_settings
from modeltap.analysis.coverage.unmonitored import Unmonitored, condensed
from modeltap.analysis.coverage.untested_columns import untested_columns
from modeltap.analysis.coverage.untested_metrics import untested_metrics
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings, SettingsByModel
from modeltap.store.models import known_models
from modeltap.store.references import active_references
from modeltap.wording import plural

_NAMED = 3
"""A line has room for so many columns or problems."""

_WITHIN = 100_000
"""Exchanges of all models that a pass goes back for those of one: a second at most."""


@dataclass(frozen=True)
class Coverage:
    """What of one model is monitored: `tested` of its `columns`; and what is not."""

    model: str
    columns: int
    tested: int
    unmonitored: tuple[Unmonitored, ...]

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
        return f"{self.model}: {of} not tested: {named}{more}; modeltap doctor has the fixes"

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
    """Return the coverage of each model of a store, or of one of them, by name."""
    names = known_models(connection) if model is None else [model]
    return [coverage_of(connection, settings.for_model(name), name) for name in names]


def coverage_of(connection: sqlite3.Connection, settings: Settings, model: str) -> Coverage:
    """Return what of a model is monitored, and what is not.

    Args:
        settings: as they hold for the model.
    """
    recent = recent_rows(connection, settings, model)
    references = [Reference.from_json(row.payload) for row in active_references(connection, model)]
    columns = [
        one
        for reference in references
        for one in untested_columns(reference, settings, recent.columns)
    ]
    total = sum(len(one.columns) + len(one.unmonitored) for one in references)
    untested = [one for one in columns if not one.is_tested and not _is_output(one)]
    found = [
        *missing_parts(model, recent.counts, settings, recent),
        *unmatched_settings(model, settings, _columns(references, recent), recent),
        *untested_metrics(connection, model),
        *columns,
        *_nothing_tested(model, total, len(untested)),
    ]
    return Coverage(model, total, total - len(untested), tuple(found))


def settings_without_match(
    connection: sqlite3.Connection, settings: Settings, model: str
) -> list[Unmonitored]:
    """Return the settings of a model that fit nothing.

    Exchanges are decoded only where a name is in no reference, which most passes spares them.
    """
    if not (settings.features or settings.rules or settings.mapping):
        return []
    references = [Reference.from_json(row.payload) for row in active_references(connection, model)]
    nothing = RecentRows.nothing()
    known = _columns(references, nothing)
    is_enough = settings.mapping is None and bool(known)
    if is_enough and not unmatched_settings(model, settings, known, nothing):
        return []
    recent = recent_rows(connection, settings, model, within=_WITHIN)
    return unmatched_settings(model, settings, _columns(references, recent), recent)


def of_no_model(connection: sqlite3.Connection, settings: Settings) -> list[Unmonitored]:
    """Return what belongs to no model: labels without an exchange, settings of unknown models."""
    models = known_models(connection)
    return [*unjoined_labels(connection), *unmatched_models(settings, models)]


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
