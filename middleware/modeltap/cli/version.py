"""The `version` command: note a model's version, or show what a change of version did."""

from __future__ import annotations

import click

from modeltap import clock
from modeltap.cli.common import json_option, moment_of, own_mode, store_option, store_path
from modeltap.cli.model_names import complete_models
from modeltap.output import cell, echo, emit, emit_json, emit_table
from modeltap.store.versions import ServedVersion
from modeltap.versioning.noted_version import note_new_version
from modeltap.versioning.version_history import version_history
from modeltap.versioning.version_result import VersionChange, VersionMetric
from modeltap.wording import plural

_MAX_SHOWN = 40
"""Rows of the table; --json prints all."""

_COLUMNS = ("metric", "feature", "segment", "before", "after", "difference", "verdict")


@click.command()
@click.argument("model", shell_complete=complete_models)
@click.argument("new_version", metavar="[VERSION]", required=False)
@click.option("--at", default=None, help="Event time of the change [default: now].", metavar="TIME")
@click.option("--before", default=None, help="The version to compare with [default: the last one].")
@click.option("--after", default=None, help="The version to compare [default: the newest one].")
@click.option("--since", default=None, help="Only rows and windows from this event time on.")
@click.option("--environment", default=None, help="The environment.")
@store_option
@json_option
def version(
    model: str,
    new_version: str | None,
    at: str | None,
    before: str | None,
    after: str | None,
    since: str | None,
    environment: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Note a model's version, or compare its versions.

    With VERSION, exchanges that have no version themselves are of this version from now on, or
    from --at on. Without, every metric before and after the last change is shown.

    \b
    Examples:
      modeltap version flights 1.4
      modeltap version flights
      modeltap version flights --before 1.2 --after 1.4
    """
    if new_version is not None:
        compared = {"--before": before, "--after": after, "--since": since}
        unused = next((name for name, value in compared.items() if value is not None), None)
        if unused is not None:
            raise click.UsageError(f"{unused} compares versions; leave it out to note a version")
        _note(model, new_version, at, environment, store, as_json)
        return
    if at is not None:
        raise click.UsageError("--at is the time of a new version; give MODEL and VERSION")
    _show(model, before, after, since, environment, store, as_json)


def _note(
    model: str,
    new_version: str,
    at: str | None,
    environment: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    noted = note_new_version(
        store_path(store),
        model,
        new_version,
        at=_stored(at, "--at"),
        environment=environment,
        mode=own_mode(),
    )
    if as_json:
        emit_json(noted.to_dict())
        return
    echo(f"{model} is of version {noted.version} since {clock.short(noted.since)}")
    if noted.own_version is not None:
        echo(f"note: exchanges that have a version themselves keep it, such as {noted.own_version}")


def _show(
    model: str,
    before: str | None,
    after: str | None,
    since: str | None,
    environment: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    history = version_history(
        store_path(store),
        model,
        before=before,
        after=after,
        since=_stored(since, "--since"),
        environment=environment,
    )
    served, change = [_row(model, own) for own in history.served], history.change
    if change is None:
        emit(served, _VERSION_COLUMNS, as_json=as_json, empty=_NONE)
        if served:
            echo("one version: there is nothing to compare", err=True)
        return
    if as_json:
        for row in change.rows:
            emit_json(_about(change) | row.to_dict())
    else:
        emit_table(served, _VERSION_COLUMNS, "")
        _print(change)
    for note in change.notes:
        echo(note, err=True)


def _stored(text: str | None, option: str) -> str | None:
    moment = moment_of(text, option)
    return None if moment is None else clock.iso(moment)


_VERSION_COLUMNS = ("model", "environment", "version", "first_at", "last_at", "noted")
_NONE = "no exchange was analysed yet; run `modeltap analyze`"


def _row(model: str, own: ServedVersion) -> dict[str, object]:
    return {
        "model": model,
        "environment": own.environment or None,
        "version": own.version,
        "first_at": own.first_at,
        "last_at": own.last_at or None,
        "noted": own.is_noted,
    }


def _about(change: VersionChange) -> dict[str, object]:
    return {
        "model": change.model,
        "environment": change.after.environment or None,
        "before_version": change.before.version,
        "after_version": change.after.version,
    }


def _print(change: VersionChange) -> None:
    served = "served side by side" if change.side_by_side else "changed"
    place = f" at {clock.short(change.after.first_at)}" if not change.side_by_side else ""
    names = f"{change.before.version or 'no version'} and {change.after.version or 'no version'}"
    echo("", f"versions {names}, {served}{place}:")
    differing = [row for row in change.rows if row.difference != 0 or row.has_changed]
    shown = differing[:_MAX_SHOWN]
    emit_table(
        map(_cells, shown), _COLUMNS, "no metric has values of both versions; `modeltap analyze`"
    )
    equal, hidden = len(change.rows) - len(differing), len(differing) - len(shown)
    if equal:
        echo(f"{plural(equal, 'metric')} without any difference")
    if hidden:
        echo(f"{plural(hidden, 'more metric')}; --json prints all")


def _cells(row: VersionMetric) -> dict[str, object]:
    return {
        "metric": row.metric,
        "feature": row.feature,
        "segment": row.segment,
        "before": _with_interval(row.before, row.before_low, row.before_high),
        "after": _with_interval(row.after, row.after_low, row.after_high),
        "difference": _with_interval(row.difference, row.low, row.high),
        "verdict": row.verdict or ("changed" if row.has_changed else None),
    }


def _with_interval(value: float | None, low: float | None, high: float | None) -> str | None:
    if value is None:
        return None
    interval = "" if low is None or high is None else f" [{cell(low)}, {cell(high)}]"
    return f"{cell(value)}{interval}"
