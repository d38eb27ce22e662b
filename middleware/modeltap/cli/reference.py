"""`reference`: freeze what 'normal' means, and show it."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
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
from modeltap.cli.reference_view import show_overview, show_reference
from modeltap.cli.table_files import report_notices, table_options
from modeltap.environments import environment_of, with_environment
from modeltap.errors import InputError, nearest
from modeltap.ingest.files.table import TableForm, open_table
from modeltap.output import echo, emit
from modeltap.store.connection import writing
from modeltap.store.lease import HeldLease, Lease
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

if TYPE_CHECKING:
    pass

_ONWARD = (
    "It counts for windows that end from now on; `modeltap analyze --again` evaluates the earlier "
    "ones by it, too, and alerts nobody."
)


@click.group()
def reference() -> None:
    """What 'normal' means for a model: frozen once, shown here."""


@reference.command("set")
@store_option
@click.option("--model", required=True, help="The model's name.")
@click.option("--version", default="", help="The version, where `per_version` is set.")
@click.option("--environment", default=None, help="Its environment, where it has several.")
@click.option(
    "--file", default=None, help="Take the rows of this file: CSV(.gz), JSON Lines, Parquet, Excel."
)
@click.option("--from", "start", default=None, help="Take stored rows from this time on.")
@click.option("--to", "end", default=None, help="Up to this time, exclusive.")
@click.option("--rows", type=click.IntRange(2), default=None, help="Take the first N stored rows.")
@click.option("--window", default=None, help="The windows it will be compared with, such as 7d.")
@role_options
@table_options
@json_option
def set_(
    store: str | None,
    model: str,
    version: str,
    environment: str | None,
    file: str | None,
    start: str | None,
    end: str | None,
    rows: int | None,
    window: str | None,
    as_json: bool,
    encoding: str | None,
    sheet: str | None,
    **options: str | None,
) -> None:
    """Freeze a reference from a file, a period, or the first rows."""
    if [file is not None, start is not None or end is not None, rows is not None].count(True) != 1:
        raise click.UsageError("say one of --file FILE, --from T --to T, or --rows N")
    from modeltap.analysis.references import freeze
    from modeltap.analysis.verdicts.analyze import LEASE

    connection = open_store(store, create=file is not None)
    settings = SettingsReader(connection, {"window": window} if window else {})
    version = _analyzed(connection, settings, model, version, environment)
    before = active_reference(connection, model, version)
    with HeldLease(Lease(connection, LEASE), 60) as lease:
        if file is not None:
            with reading_bar(Path(file), "reading") as on_read:
                own = settings.for_model(model)
                form = TableForm(encoding, sheet)
                table = open_table(file, on_read=on_read, codes_of=own.codes_of, form=form)
                frozen = freeze.freeze_file(
                    connection,
                    own,
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
    if file is not None:
        report_notices(table)
    show_reference(frozen, as_json, settings)
    if before is not None and before.id != frozen.id and not as_json:
        echo(
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
    with HeldLease(Lease(connection, LEASE), 60), writing(connection):
        activate(connection, found.id, found.model, found.version)
    show_reference(found, as_json, SettingsReader(connection))
    if not as_json:
        echo(_ONWARD)


@reference.command("accept")
@store_option
@click.option("--model", required=True, help="The model's name.")
@click.option("--version", default="", help="The model's version.")
@click.option("--environment", default=None, help="Its environment, where it has several.")
def accept(store: str | None, model: str, version: str, environment: str | None) -> None:
    """Take what the open incidents show for the new normal; they end with a note."""
    from modeltap.jobs.pipeline import Analyzer

    connection = open_store(store)
    check_model(connection, model)
    analyzer = Analyzer(store_path(store), connection, {})
    analyzed = _analyzed(connection, analyzer.settings, model, version, environment)
    report = analyzer.accept(model, analyzed)
    if report.since is None:
        echo(f"no incident about the inputs of {model} is open: nothing to accept")
        return
    for summary in report.summaries:
        echo(f"ended: {summary}")
    since = f"what came since {clock.short(report.since)} UTC"
    echo(
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
        echo(
            "no reference yet: the analyzer learns one from the first rows, "
            "or `modeltap reference set` freezes one now"
        )
    for one in found:
        show_overview(one, as_json, settings)


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


def _analyzed(
    connection: sqlite3.Connection,
    settings: SettingsReader,
    model: str,
    version: str,
    environment: str | None,
) -> str:
    """Return the version that the rows of a version and an environment are analysed as."""
    own = settings.for_model(model)
    counted = [one for one in counted_models(connection) if one.model == model]
    known = {environment_of(one.version) for one in counted}
    if environment is None and len(known) > 1:
        names = ", ".join(sorted(one or "''" for one in known))
        raise InputError(f"{model} has several environments; name one of {names} by --environment")
    chosen = next(iter(known), own.environment) if environment is None else environment
    exact = with_environment(version, chosen)
    if ModelVersion(model, exact) in counted:
        return exact
    return own.analyzed_version(version, chosen)


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
