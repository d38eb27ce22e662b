"""Checks of `doctor` about models: references, time zones, missing-value codes, coverage."""

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
from modeltap.cli.finding import NOTE, OK, PROBLEM, Finding
from modeltap.config.validation import from_environment
from modeltap.errors import ConfigError
from modeltap.store.models import counted_models, known_models
from modeltap.store.references import active_references
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

_FEW_ROWS = (
    'with so few rows, set reference = "first 28d" and min_rows = 30; modeltap then finds large '
    "changes only, but in days"
)
"""With 5 rows a day this found six of seven kinds of faults within two and a half weeks."""

_NAMED = 8
"""Maximum number of columns to name."""


def of_models(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the findings about each model, the references first."""
    settings = SettingsReader(connection)
    yield from _references(connection)
    yield from _clocks(connection)
    yield from _likely_codes(connection)
    yield from _lists(connection)
    yield from _policies(connection, settings)
    yield from _judge_keys(connection, settings)
    for coverage in coverages(connection, settings):
        yield from _coverage(coverage)
    for gap in of_store(connection, settings.general):
        yield _finding(gap)


def _judge_keys(connection: sqlite3.Connection, settings: SettingsReader) -> Iterator[Finding]:
    """Report each judge, and a key that is not in the environment of this command."""
    for model in dict.fromkeys(own.model for own in counted_models(connection)):
        judge = settings.for_model(model).judge
        if judge is None:
            continue
        try:
            if judge.api_key is not None:
                from_environment(judge.api_key, "api_key")
        except ConfigError as error:
            fix = "set this variable where modeltap runs"
            yield Finding("judge", PROBLEM, f"{model}: {error}", model, fix=fix)
        else:
            budget = f"{judge.calls_per_day:,} calls and {judge.tokens_per_day:,} tokens a day"
            yield Finding("judge", OK, f"{model}: {judge.model} at {judge.host}, {budget}", model)


def _coverage(coverage: Coverage) -> Iterator[Finding]:
    """Yield the number of tested columns of a model, and its unmonitored parts."""
    if coverage.has_reference and coverage.columns:
        yield Finding(
            "monitored",
            OK,
            f"{coverage.name}: {coverage.tested:,} of {plural(coverage.columns, 'column')} tested",
            model=coverage.model,
            count=coverage.tested,
            total=coverage.columns,
        )
    for gap in condensed(coverage.unmonitored):
        yield _finding(gap)
    for note in coverage.notes[:_NAMED]:
        sentence = f"{coverage.name}: {note.column}: {note.reason}; {note.fix}"
        yield Finding(
            "types", NOTE, sentence, note.model, note.column, reason=note.reason, fix=note.fix
        )
    if len(coverage.notes) > _NAMED:
        more = plural(len(coverage.notes) - _NAMED, "more column")
        yield Finding("types", NOTE, f"{coverage.name}: {more} of unusual types", coverage.model)


def _finding(gap: Unmonitored) -> Finding:
    return Finding(
        gap.check,
        gap.level,
        gap.sentence,
        gap.model,
        gap.subject,
        gap.count,
        gap.total,
        gap.reason,
        gap.fix,
    )


def _references(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Report each model's reference, or the progress of learning it."""
    states = list(overviews(connection, SettingsReader(connection)))
    if not states:
        yield Finding(
            "references",
            OK,
            "none yet: learnt from the first rows; to set one, run `modeltap reference set`",
        )
    for state in states:
        model = f"{state.model} {state.version}".strip()
        if state.state == "provisional":
            yield Finding(
                "references",
                NOTE if state.is_slow else OK,
                f"{model}: {state.outlook}, {plural(state.rows, 'row')} so far; until then, only "
                "gross faults alert (such as missing values or changed fields). To set a reference "
                "now, run `modeltap reference set --file FILE`",
                fix=_FEW_ROWS if state.is_slow else None,
            )
            continue
        covers = f"covers {state.hours_covered} of the week's 168 hours"
        if not state.hours_covered:
            covers = "without times, so hours and days are not distinguished"
        yield Finding(
            "references",
            OK,
            f"{model}: {plural(state.rows, 'row')}, {covers}; "
            f"drift is evaluated in windows of {state.drift_window}",
        )


def _clocks(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Suggest a time zone if a column, or this machine, uses a different one."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        moment = clock.parse(reference.from_time or "")
        if moment is None:
            continue
        ahead = {f.calendar_shift: f.name for f in reference.features if f.calendar_shift}
        clocks: dict[float, str] = {k: f"column {name}" for k, name in ahead.items()}
        offset = datetime.fromtimestamp(moment, UTC).astimezone().utcoffset()
        if not clocks and offset and reference.timezone == clock.UTC_ZONE:
            clocks = {offset.total_seconds() / 3600: "this machine"}
        for hours, name in clocks.items():
            zone = zone_ahead(reference.timezone, hours, moment)
            if zone is not None:
                fix = f'set timezone = "{zone}" or another zone with this offset'
                yield Finding(
                    "timezone",
                    NOTE,
                    f"{reference.model}: {name} is {abs(hours):g} h "
                    f"{'ahead of' if hours > 0 else 'behind'} {reference.timezone}; if traffic "
                    f"follows that local time, {fix}",
                    fix=fix,
                )


def _lists(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Report lists that are monitored as one column per element but may be vectors."""
    for row in active_references(connection):
        text = list_notice(Reference.from_json(row.payload))
        if text is not None:
            fix = text[text.rindex("set type = ") :]
            yield Finding("lists", NOTE, f"{row.model}: {text}", row.model, fix=fix)


def _policies(connection: sqlite3.Connection, settings: SettingsReader) -> Iterator[Finding]:
    """Report policies of retraining that drift alone starts."""
    for model in known_models(connection):
        policy = settings.for_model(model).retrain
        warning = None if policy is None else policy.warning(model)
        if warning is not None:
            yield Finding("retraining", NOTE, warning, model, fix=warning.rpartition("; ")[2])


def _likely_codes(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Report values that are likely codes for missing values, with the setting to add."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        codes = [f for f in reference.features if f.sentinel is not None]
        if codes:
            named = ", ".join(f"{f.name} has {f.sentinel:g}" for f in codes[:_NAMED])
            fix = (
                f"add to modeltap.toml: [models.{row.model}.features.{codes[0].name}] "
                f"missing_values = [{codes[0].sentinel:g}]"
            )
            yield Finding(
                "missing values",
                NOTE,
                f"{row.model}: {named} in many rows, far from all other values; if it stands for "
                f"a missing value, {fix}",
                fix=fix,
            )
