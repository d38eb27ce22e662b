"""`reference`: freeze what 'normal' means, and show it."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference
from modeltap.cli.common import (
    check_model,
    json_option,
    model_option,
    moment_of,
    open_store,
    read_store,
    store_option,
    store_path,
)
from modeltap.cli.importing import role_options, roles_of
from modeltap.cli.progress import analysis_line, reading_bar
from modeltap.errors import InputError, nearest
from modeltap.ingest.files.table import open_table
from modeltap.output import emit, emit_json
from modeltap.store.connection import writing
from modeltap.store.lease import KeptLease, Lease
from modeltap.store.models import ModelVersion, counted_models
from modeltap.store.predictions import StoredRow, first_rows, rows_between
from modeltap.store.references import (
    REFERENCE_SUMMARY,
    activate,
    active_reference,
    all_references,
    find_references,
)
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

if TYPE_CHECKING:
    from modeltap.analysis.references.overview import ReferenceOverview

_ONWARD = (
    "It counts for windows that end from now on; `modeltap analyze --again` evaluates the earlier "
    "ones by it, too, and alerts nobody."
)


_NO_REFERENCE: dict[str, Any] = {
    "id": None,
    "source": None,
    "from_time": None,
    "to_time": None,
    "left_out_rows": 0,
    "features": [],
}


@click.group()
def reference() -> None:
    """What 'normal' means for a model: frozen once, shown here."""


@reference.command("set")
@store_option
@click.option("--model", required=True, help="The model's name.")
@click.option("--version", default="", help="The version, where `per_version` is set.")
@click.option(
    "--file", default=None, help="Take the rows of this file: CSV(.gz), JSON Lines, Parquet."
)
@click.option("--from", "start", default=None, help="Take stored rows from this time on.")
@click.option("--to", "end", default=None, help="Up to this time, exclusive.")
@click.option("--rows", type=click.IntRange(2), default=None, help="Take the first N stored rows.")
@click.option("--window", default=None, help="The windows it will be compared with, such as 7d.")
@role_options
@json_option
def set_(
    store: str | None,
    model: str,
    version: str,
    file: str | None,
    start: str | None,
    end: str | None,
    rows: int | None,
    window: str | None,
    as_json: bool,
    **options: str | None,
) -> None:
    """Freeze a reference from a file, a period, or the first rows."""
    if [file is not None, start is not None or end is not None, rows is not None].count(True) != 1:
        raise click.UsageError("say one of --file FILE, --from T --to T, or --rows N")
    from modeltap.analysis.references import freeze
    from modeltap.analysis.verdicts.analyze import LEASE

    connection = open_store(store, create=file is not None)
    settings = SettingsReader(connection, {"window": window} if window else {})
    if ModelVersion(model, version) not in counted_models(connection):
        version = settings.for_model(model).analyzed_version(version)
    before = active_reference(connection, model, version)
    with KeptLease(Lease(connection, LEASE), 60) as lease:
        if file is not None:
            with reading_bar(Path(file), "reading") as on_read:
                table = open_table(file, on_read=on_read)
                frozen = freeze.freeze_file(
                    connection,
                    settings.for_model(model),
                    table,
                    roles_of(table, options),
                    model=model,
                    version=version,
                )
        else:
            check_model(connection, model)
            with analysis_line(connection) as look:
                counter = WindowCounter(connection, settings, lease, look)
                counter.count_new()
            picked = _picked(connection, model, version, start, end, rows)
            words = f"first {rows} rows" if rows else f"{start or 'begin'} to {end or 'now'}"
            frozen = freeze.freeze_rows(counter, model, version, picked, words)
    _told(frozen, as_json, settings)
    if before is not None and before.id != frozen.id and not as_json:
        click.echo(
            f"it takes the place of {before.id}; `modeltap reference use {before.id}` "
            f"lets that one count again. {_ONWARD}"
        )


@reference.command("use")
@click.argument("id_", metavar="ID")
@store_option
@json_option
def use(id_: str, store: str | None, as_json: bool) -> None:
    """Let an earlier reference count again (by id, or its beginning)."""
    from modeltap.analysis.verdicts.analyze import LEASE

    connection = open_store(store)
    found = _frozen(connection, id_)
    with KeptLease(Lease(connection, LEASE), 60), writing(connection):
        activate(connection, found.id, found.model, found.version)
    _told(found, as_json, SettingsReader(connection))
    if not as_json:
        click.echo(_ONWARD)


@reference.command("accept")
@store_option
@click.option("--model", required=True, help="The model's name.")
@click.option("--version", default="", help="The model's version.")
def accept(store: str | None, model: str, version: str) -> None:
    """Take what the open incidents show for the new normal; they end with a note."""
    from modeltap.jobs.pipeline import Analyzer

    connection = open_store(store)
    check_model(connection, model)
    report = Analyzer(store_path(store), connection, {}).accept(model, version)
    if report.since is None:
        click.echo(f"no incident about the inputs of {model} is open: nothing to accept")
        return
    for summary in report.summaries:
        click.echo(f"ended: {summary}")
    since = f"what came since {clock.short(report.since)} UTC"
    click.echo(
        f"the reference is learnt anew from {since}"
        if report.learns
        else f"windows are compared with {since}"
    )


@reference.command("show")
@store_option
@model_option()
@json_option
def show(store: str | None, model: str | None, as_json: bool) -> None:
    """The features of the references that count: types, bins, missing values."""
    from modeltap.analysis.references.overview import overviews

    connection = read_store(store)
    check_model(connection, model)
    settings = SettingsReader(connection)
    found = list(overviews(connection, settings, model))
    if not found and not as_json:
        click.echo(
            "no reference yet: the analyzer learns one from the first rows, "
            "or `modeltap reference set` freezes one now"
        )
    for one in found:
        _show(one, as_json, settings)


@reference.command("list")
@store_option
@model_option()
@json_option
def list_(store: str | None, model: str | None, as_json: bool) -> None:
    """All references that were frozen, with their hashes; one of a version counts."""
    connection = read_store(store)
    check_model(connection, model)
    rows = (one.summary() for one in all_references(connection, model))
    emit(rows, REFERENCE_SUMMARY, as_json=as_json, empty="no reference yet")


@reference.command("compare")
@click.argument("before")
@click.argument("after")
@store_option
@json_option
def compare_(before: str, after: str, store: str | None, as_json: bool) -> None:
    """What changed from one reference to another (by id, or its beginning), feature by feature."""
    from modeltap.analysis.references.compare import compare

    connection = read_store(store)
    rows = compare(_frozen(connection, before), _frozen(connection, after))
    rows.sort(key=lambda row: -(row["js"] or 0.0))
    emit(rows, tuple(rows[0]) if rows else (), as_json=as_json, empty="no features")


def _frozen(connection: sqlite3.Connection, id_: str) -> Reference:
    found = find_references(connection, id_)
    if len(found) != 1:
        known = [one.id for one in all_references(connection)]
        what = "several references begin with" if found else "no reference has the id"
        raise InputError(f"{what} {id_!r}{nearest(id_, known)}; `modeltap reference list` has them")
    return Reference.from_json(found[0].payload)


def _picked(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    start: str | None,
    end: str | None,
    rows: int | None,
) -> list[StoredRow]:
    if rows is not None:
        picked = first_rows(connection, model, version, rows)
        if len(picked) < rows:
            raise InputError(f"{model} has {len(picked)} rows with a time, fewer than {rows}")
        return picked
    first, after = _time(start, "--from", 0.0), _time(end, "--to", math.inf)
    picked = rows_between(connection, model, version, (first, 0, 0), (after, 0, 0))
    if len(picked) < 2:
        raise InputError(f"{model} has {len(picked)} rows between {start} and {end}; 2 are needed")
    return picked


def _time(text: str | None, option: str, default: float) -> str:
    seconds = moment_of(text, option)
    if seconds is None:
        return "9999" if default else ""
    return clock.iso(seconds)


def _show(one: ReferenceOverview, as_json: bool, settings: SettingsReader) -> None:
    reference = one.reference
    facts: dict[str, Any] = {
        "state": one.state,
        "learning_until": one.learning_until,
        "hours_covered": one.hours_covered,
        "drift_window": one.drift_window,
    }
    if one.state == "provisional":
        facts["rows"] = one.rows
        if not as_json:
            click.echo(
                f"{one.model}: {one.outlook}; {plural(one.rows, 'row')} so far, in "
                f"{plural(one.hours_covered, 'hour')} of the week"
            )
    if reference is not None:
        _told(reference, as_json, settings, facts)
    elif as_json:
        emit_json({**_NO_REFERENCE, "model": one.model, "version": one.version, **facts})


def _told(
    frozen: Reference,
    as_json: bool,
    settings: SettingsReader,
    facts: Mapping[str, Any] | None = None,
) -> None:
    declared = settings.for_model(frozen.model).declared(frozen.by_name)
    features = [_feature(f, declared[f.name].type) for f in frozen.features]
    head: dict[str, Any] = {
        "id": frozen.id,
        "model": frozen.model,
        "version": frozen.version,
        "source": frozen.source,
        "rows": frozen.rows,
        "from_time": frozen.from_time,
        "to_time": frozen.to_time,
        "left_out_rows": frozen.left_out_rows,
        **(facts or {}),
    }
    if as_json:
        emit_json({**head, "features": features})
        return
    if frozen.state == "provisional":
        click.echo("until then windows are compared with the rows before them, in these bins:")
        _emit_features(features)
        return
    period = f", {clock.short(frozen.from_time)} to {clock.short(frozen.to_time)}"
    click.echo(
        f"reference {frozen.id} of {frozen.model}: {plural(frozen.rows, 'row')} from "
        f"{frozen.source}{period if frozen.from_time else ''}"
    )
    if frozen.performance is not None:
        name = "accuracy" if frozen.performance.task == "classification" else "mean absolute error"
        click.echo(
            f"its model: {name} {frozen.performance.mean:.4g} in "
            f"{plural(frozen.performance.rows, 'labelled row')}"
        )
    if frozen.rolling:
        click.echo(f"its bins are fixed; windows are compared with the {frozen.rolling}")
    if frozen.hours:
        click.echo(f"it covers {plural(len(frozen.hours), 'hour')} of the week's 168")
    if frozen.left_out_rows:
        click.echo(
            f"{plural(frozen.left_out_rows, 'row')} of its period alerted and are not in it; "
            "`modeltap alerts` says why"
        )
    _emit_features(features)
    for one in frozen.features:
        if one.calendar is not None:
            click.echo(f"{one.name}: not compared, reason calendar: it is the {one.calendar}")
    for feature in frozen.features:
        if feature.sentinel is not None:
            click.echo(
                f"{feature.name}: many rows have {feature.sentinel:g}, far from all others; "
                "if that means a missing value, declare it in missing_values"
            )


def _emit_features(features: list[dict[str, Any]]) -> None:
    emit(
        features,
        ("name", "type", "bins", "missing_rate", "median", "spread", "usual_variation", "note"),
        as_json=False,
        empty="no features",
    )


def _feature(feature: Feature, declared: str | None) -> dict[str, Any]:
    total = sum(feature.counts)
    reason, note = feature.untested_because(declared), None
    if reason is not None:
        note = f"not compared: {reason}"
    elif feature.learnt_until is not None:
        note = f"learnt again from {clock.short(feature.learnt_from)}"
    return {
        "name": feature.name,
        "type": feature.kind,
        "bins": feature.bins,
        "missing_rate": feature.counts[-3] / total if total else None,
        "median": feature.center if feature.kind == "numeric" else None,
        "spread": feature.spread if feature.kind == "numeric" else None,
        "sentinel": feature.sentinel,
        "usual_variation": feature.baseline_distance,
        "rhythm": feature.rhythm,
        "calendar": feature.calendar,
        "not_compared": reason,
        "learnt_from": feature.learnt_from,
        "note": note,
    }
