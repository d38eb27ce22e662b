"""What `doctor` finds about models: references, clocks, likely codes, and what is not monitored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from modeltap import clock
from modeltap.analysis.coverage.coverage_report import Coverage, coverages, of_store
from modeltap.analysis.coverage.unmonitored import Unmonitored, condensed
from modeltap.analysis.model.local_times import zone_ahead
from modeltap.analysis.model.monitored import list_notice
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.overview import overviews
from modeltap.cli.finding import NOTE, OK, Finding
from modeltap.store.references import active_references
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

_NAMED = 8
"""Columns that are named."""


def of_models(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the findings about each model, the references first."""
    settings = SettingsReader(connection)
    yield from _references(connection)
    yield from _clocks(connection)
    yield from _likely_codes(connection)
    yield from _lists(connection)
    for coverage in coverages(connection, settings):
        yield from _coverage(coverage)
    for one in of_store(connection, settings.general):
        yield _finding(one)


def _coverage(coverage: Coverage) -> Iterator[Finding]:
    """Yield how many columns of a model are tested, and all that is not monitored."""
    if coverage.has_reference and coverage.columns:
        yield Finding(
            "monitored",
            OK,
            f"{coverage.name}: {coverage.tested:,} of {plural(coverage.columns, 'column')} tested",
            model=coverage.model,
            count=coverage.tested,
            total=coverage.columns,
        )
    for one in condensed(coverage.unmonitored):
        yield _finding(one)
    for note in coverage.notes[:_NAMED]:
        sentence = f"{coverage.name}: {note.column}: {note.reason}; {note.fix}"
        yield Finding(
            "types", NOTE, sentence, note.model, note.column, reason=note.reason, fix=note.fix
        )
    if len(coverage.notes) > _NAMED:
        more = plural(len(coverage.notes) - _NAMED, "more column")
        yield Finding("types", NOTE, f"{coverage.name}: {more} of unusual types", coverage.model)


def _finding(one: Unmonitored) -> Finding:
    return Finding(
        one.check,
        one.level,
        one.sentence,
        one.model,
        one.subject,
        one.count,
        one.total,
        one.reason,
        one.fix,
    )


def _references(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Report each model's reference, or what is awaited; a provisional one does not alert yet."""
    found = list(overviews(connection, SettingsReader(connection)))
    if not found:
        yield Finding(
            "references", OK, "none yet: the first rows become one, or a file that you set"
        )
    for one in found:
        of = f"{one.model} {one.version}".strip()
        if one.state == "provisional":
            yield Finding(
                "references",
                OK,
                f"{of}: {one.outlook}, {plural(one.rows, 'row')} so far; until then only gross "
                "faults alert. `modeltap reference set --file FILE` does not wait",
            )
        else:
            yield Finding(
                "references",
                OK,
                f"{of}: {plural(one.rows, 'row')}, {one.hours_covered} of the week's 168 hours; "
                f"drift is evaluated in windows of {one.drift_window}",
            )


def _clocks(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Suggest a time zone where a column, or this machine, goes by another clock."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        moment = clock.parse(reference.from_time or "")
        if moment is None:
            continue
        ahead = {f.calendar_shift: f.name for f in reference.features if f.calendar_shift}
        whose: dict[float, str] = {k: f"column {name}" for k, name in ahead.items()}
        own = datetime.fromtimestamp(moment, UTC).astimezone().utcoffset()
        if not whose and own and reference.timezone == clock.UTC_ZONE:
            whose = {own.total_seconds() / 3600: "this machine"}
        for hours, name in whose.items():
            zone = zone_ahead(reference.timezone, hours, moment)
            if zone is not None:
                yield Finding(
                    "timezone",
                    NOTE,
                    f"{reference.model}: {name} is {abs(hours):g} h "
                    f"{'ahead of' if hours > 0 else 'behind'} {reference.timezone}; if that is "
                    f'the clock that traffic follows, set timezone = "{zone}" or the like',
                )


def _lists(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Name the lists that are as many columns, which may be vectors."""
    for row in active_references(connection):
        text = list_notice(Reference.from_json(row.payload))
        if text is not None:
            yield Finding("lists", NOTE, f"{row.model}: {text}", row.model)


def _likely_codes(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Name the values that are likely codes for missing ones, and what to write."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        codes = [f for f in reference.features if f.sentinel is not None]
        if codes:
            named = ", ".join(f"{f.name} has {f.sentinel:g}" for f in codes[:_NAMED])
            yield Finding(
                "missing values",
                NOTE,
                f"{row.model}: {named} in many rows, far from all others; if that means a missing "
                f"value, say so in modeltap.toml, [models.{row.model}.features.{codes[0].name}] "
                f"missing_values = [{codes[0].sentinel:g}]",
            )
