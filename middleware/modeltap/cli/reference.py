"""The `reference` command: set, list, compare and accept references."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

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
    required_model,
    store_option,
    store_path,
)
from modeltap.cli.importing import role_options, roles_of
from modeltap.cli.progress import analysis_line, reading_bar
from modeltap.cli.reference_view import show_overview, show_reference
from modeltap.cli.table_files import report_notices, table_options
from modeltap.environments import environment_of, with_environment
from modeltap.errors import InputError
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
from modeltap.wording import plural

_ONWARD = (
    "It applies to windows that end from now on. To re-evaluate earlier windows as well, without "
    "alerts, run `modeltap analyze --again`."
)


@click.group()
def reference() -> None:
    """Manage references, the rows that windows are compared with.

    \b
    Example:
      modeltap reference show --model flights
    """


@reference.command("set")
@store_option
@required_model()
@click.option("--version", default="", help="The model's version, if `per_version` is set.")
@click.option("--environment", default=None, help="The environment, if the model has several.")
@click.option(
    "--file", default=None, help="Use the rows of this file: CSV(.gz), JSON Lines, Parquet, Excel."
)
@click.option("--from", "start", default=None, help="Use stored rows at or after this time.")
@click.option("--to", "end", default=None, help="Use stored rows before this time.")
@click.option("--rows", type=click.IntRange(2), default=None, help="Use the first N stored rows.")
@click.option(
    "--window",
    default=None,
    help="Length of the windows that the reference is compared with, such as 7d.",
)
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
    """Create a reference from a file, a period, or the first rows.

    \b
    Examples:
      modeltap reference set --model flights --file train.csv
      modeltap reference set --model flights --from 2026-05-01 --to 2026-06-01
    """
    if [file is not None, start is not None or end is not None, rows is not None].count(True) != 1:
        raise click.UsageError("use exactly one of --file FILE, --from T --to T, or --rows N")
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
            with analysis_line(connection) as on_progress:
                counter = WindowCounter(connection, settings, lease, on_progress)
                counter.count_new()
            picked = _picked(connection, model, version, start, end, rows)
            source = f"first {rows} rows" if rows else f"{start or 'begin'} to {end or 'now'}"
            frozen = freeze.freeze_rows(counter, model, version, picked, source)
    if file is not None:
        report_notices(table)
    show_reference(frozen, as_json, settings)
    if before is not None and before.id != frozen.id and not as_json:
        echo(
            f"It replaces {before.id}; to restore that one, run "
            f"`modeltap reference use {before.id}`. {_ONWARD}"
        )


@reference.command("use")
@click.argument("id_", metavar="ID")
@store_option
@json_option
def use(id_: str, store: str | None, as_json: bool) -> None:
    """Activate an earlier reference, by its id or the beginning of it.

    \b
    Example:
      modeltap reference use 4f2a9c
    """
    from modeltap.analysis.verdicts.analyze import LEASE

    connection = open_store(store)
    chosen = _frozen(connection, id_)
    with HeldLease(Lease(connection, LEASE), 60), writing(connection):
        activate(connection, chosen.id, chosen.model, chosen.version)
    show_reference(chosen, as_json, SettingsReader(connection))
    if not as_json:
        echo(_ONWARD)


@reference.command("accept")
@store_option
@required_model()
@click.option("--version", default="", help="The model's version.")
@click.option("--environment", default=None, help="The environment, if the model has several.")
def accept(store: str | None, model: str, version: str, environment: str | None) -> None:
    """Accept the drift of open alerts as the new normal.

    Resolves the open alerts about the model's inputs. New windows are then compared with rows
    since those alerts started; a frozen reference is learnt again from them.

    \b
    Example:
      modeltap reference accept --model flights
    """
    from modeltap.jobs.pipeline import Analyzer

    connection = open_store(store)
    check_model(connection, model)
    analyzer = Analyzer(store_path(store), connection, {})
    analyzed = _analyzed(connection, analyzer.settings, model, version, environment)
    report = analyzer.accept(model, analyzed)
    if report.since is None:
        echo(f"no open alerts about the inputs of {model}; nothing to accept")
        return
    for summary in report.summaries:
        echo(f"resolved: {summary}")
    since = f"rows since {clock.short(report.since)} UTC"
    echo(
        f"a new reference is learnt from {since}"
        if report.learns
        else f"new windows are compared with {since}"
    )


@reference.command("show")
@store_option
@model_option()
@json_option
def show(store: str | None, model: str | None, as_json: bool) -> None:
    """Show the active references, feature by feature.

    Shows the type, bins, missing values and spread of each feature.

    \b
    Example:
      modeltap reference show --model flights
    """
    from modeltap.analysis.references.overview import overviews

    connection = read_store(store)
    check_model(connection, model)
    settings = SettingsReader(connection)
    states = list(overviews(connection, settings, model))
    if not states and not as_json:
        echo(
            "no reference yet: it is learnt from the first rows; to set one now, run "
            "`modeltap reference set`"
        )
    for state in states:
        show_overview(state, as_json, settings)


@reference.command("list")
@store_option
@model_option()
@json_option
def list_(store: str | None, model: str | None, as_json: bool) -> None:
    """List all references, active and earlier ones.

    In each environment of a model one reference is active; with `per_version`, one for each
    version.

    \b
    Example:
      modeltap reference list --model flights
    """
    connection = read_store(store)
    check_model(connection, model)
    rows = (stored.summary() for stored in all_references(connection, model))
    emit(rows, REFERENCE_SUMMARY, as_json=as_json, empty="no reference yet")


@reference.command("compare")
@click.argument("before")
@click.argument("after")
@store_option
@json_option
def compare_(before: str, after: str, store: str | None, as_json: bool) -> None:
    """Show how two references differ, feature by feature.

    \b
    Example:
      modeltap reference compare 4f2a9c 81d0e7
    """
    from modeltap.analysis.references.compare import compare

    connection = read_store(store)
    rows = compare(_frozen(connection, before), _frozen(connection, after))
    rows.sort(key=lambda row: -(row["js"] or 0.0))
    emit(rows, tuple(rows[0]) if rows else (), as_json=as_json, empty="no features")


def _frozen(connection: sqlite3.Connection, id_: str) -> Reference:
    matches = find_references(connection, id_)
    if len(matches) != 1:
        problem = "several reference ids begin with" if matches else "no reference has the id"
        raise InputError(f"{problem} {id_!r}; `modeltap reference list` lists all")
    return Reference.from_json(matches[0].payload)


def _analyzed(
    connection: sqlite3.Connection,
    settings: SettingsReader,
    model: str,
    version: str,
    environment: str | None,
) -> str:
    """Return the version under which rows of this version and environment are analysed."""
    own = settings.for_model(model)
    counted = [entry for entry in counted_models(connection) if entry.model == model]
    known = {environment_of(entry.version) for entry in counted}
    if environment is None and len(known) > 1:
        names = ", ".join(sorted(name or "''" for name in known))
        raise InputError(
            f"{model} has several environments ({names}); choose one with --environment"
        )
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
            raise InputError(
                f"{model} has {plural(len(picked), 'row')} with an event time, fewer than --rows "
                f"{rows}"
            )
        return picked
    first, after = _time(start, "--from", 0.0), _time(end, "--to", math.inf)
    picked = rows_between(connection, model, version, (first, 0, 0), (after, 0, 0))
    if len(picked) < 2:
        raise InputError(
            f"{model} has {plural(len(picked), 'row')} between {start} and {end}; a reference "
            "needs at least 2"
        )
    return picked


def _time(text: str | None, option: str, default: float) -> str:
    seconds = moment_of(text, option)
    if seconds is None:
        return "9999" if default else ""
    return clock.iso(seconds)
