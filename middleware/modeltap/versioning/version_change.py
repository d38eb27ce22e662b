"""Compare two versions of a model: choose them, read their rows and windows, compare."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.comparison.aligned_outputs import ModelForm
from modeltap.config.settings import Settings
from modeltap.errors import InputError, nearest
from modeltap.store.references import active_reference
from modeltap.store.settings import SettingsReader
from modeltap.store.versions import (
    END,
    ServedVersion,
    rows_of_version,
    served_versions,
    window_values,
)
from modeltap.versioning.version_result import VersionChange, VersionMetric
from modeltap.versioning.version_rows import duration_differences, durations_of, row_differences
from modeltap.versioning.version_windows import names_of, window_differences

MOST_ROWS = 200_000
"""The newest rows of each version that are read: enough for any interval, in about a second."""


def compare_versions(
    connection: sqlite3.Connection,
    model: str,
    before: str | None = None,
    after: str | None = None,
    *,
    environment: str | None = None,
    since: str = "",
) -> VersionChange:
    """Compare two versions of a model, by default the newest one and the one before it.

    Args:
        before, after: versions.
        environment: the environment; None if the versions are in one only.
        since: leaves out rows and windows before this event time, as `clock.iso`.

    Raises `InputError` if there are no such versions, or only one.
    """
    first, second = chosen_versions(served_versions(connection, model), before, after, environment)
    settings = SettingsReader(connection).for_model(model)
    earlier, later = (
        rows_of_version(connection, model, own, since=since, limit=MOST_ROWS)
        for own in (first, second)
    )
    compared: list[VersionMetric] = []
    notes = []
    try:
        compared += row_differences(earlier, later, _form(connection, model, settings, second))
    except InputError as error:  # the other metrics can be compared
        notes.append(str(error))
    compared += duration_differences(durations_of(earlier), durations_of(later))
    together = first.last_at > second.first_at and not second.is_noted
    notes += [
        _cut_note(own)
        for own, part in ((first, earlier), (second, later))
        if len(part) == MOST_ROWS
    ]
    windows: list[VersionMetric] = []
    if together and not settings.per_version:
        notes.append(
            "both versions were served at the same time, so windows have rows of both; set "
            "per_version = true to compare their windows, too"
        )
    else:
        windows = _window_metrics(connection, model, (first, second), settings, since)
    known = names_of(compared)
    compared += [row for row in windows if row.feature or row.segment or row.metric not in known]
    return VersionChange(
        model=model,
        before=first,
        after=second,
        side_by_side=together,
        rows=tuple(compared),
        notes=tuple(notes),
    )


def chosen_versions(
    served: Sequence[ServedVersion],
    before: str | None,
    after: str | None,
    environment: str | None,
) -> tuple[ServedVersion, ServedVersion]:
    """Return the two versions to compare; raise `InputError` if they are not known.

    >>> served = [ServedVersion("", str(n), f"2026-01-0{n}", "") for n in (1, 2)]
    >>> [own.version for own in chosen_versions(served, None, None, None)]
    ['1', '2']
    """
    environments = list(dict.fromkeys(own.environment for own in served))
    if environment is None and len(environments) > 1:
        names = ", ".join(repr(name) for name in environments)
        raise InputError(f"the model has several environments ({names}); choose one of them")
    own = [item for item in served if environment in (None, item.environment)]
    second = own[-1] if after is None and own else _named(own, after)
    others = [item for item in own if item is not second]
    if before is None:
        earlier = [item for item in others if item.first_at <= second.first_at]
        if not earlier:
            raise InputError(
                f"there is no version before {second.version!r}; a comparison needs two"
            )
        return earlier[-1], second
    return _named(others, before), second


def _named(served: Sequence[ServedVersion], version: str | None) -> ServedVersion:
    """Return the last part of a version."""
    parts = [own for own in served if own.version == version]
    if not parts:
        hint = nearest(version or "", {own.version for own in served})
        raise InputError(f"there is no version {version or ''!r} to compare{hint}")
    return parts[-1]


def _window_metrics(
    connection: sqlite3.Connection,
    model: str,
    versions: tuple[ServedVersion, ServedVersion],
    settings: Settings,
    since: str,
) -> list[VersionMetric]:
    """Return the differences of the windows of each version, or before and after the change."""
    first, second = versions
    analyzed = [settings.analyzed_version(own.stored, own.environment or None) for own in versions]
    start = max(since, _day_of(first.first_at))
    if settings.per_version and analyzed[0] != analyzed[1]:
        periods = [(start, END), (max(since, _day_of(second.first_at)), END)]
    else:
        periods = [(start, second.first_at), (max(since, second.first_at), second.until)]
    return window_differences(
        *(
            window_values(connection, model, version, *period)
            for version, period in zip(analyzed, periods, strict=True)
        )
    )


def _day_of(time: str) -> str:
    """Return the start of the day of a version's first exchange, whose window began before it."""
    return time[:10]


def _form(
    connection: sqlite3.Connection, model: str, settings: Settings, version: ServedVersion
) -> ModelForm:
    analyzed = settings.analyzed_version(version.stored, version.environment or None)
    stored = active_reference(connection, model, analyzed)
    baseline = None if stored is None else Reference.from_json(stored.payload).performance
    form = LabelForm(settings.positive, settings.decision_threshold)
    return ModelForm(settings.task, form, baseline)


def _cut_note(version: ServedVersion) -> str:
    return f"only the newest {MOST_ROWS:,} rows of version {version.version!r} are compared"
