"""The `import` command: backfill from tables and from other tools' logs."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from modeltap.cli.common import json_option, open_store, required_model, store_option
from modeltap.cli.progress import reading_bar
from modeltap.cli.table_files import report_notices, table_options
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.errors import InputError
from modeltap.ingest.entry import Entry
from modeltap.ingest.files.source import OnRead, Source
from modeltap.ingest.files.table import Table, TableForm, open_table
from modeltap.ingest.formats import FORMATS, LOGS, format_of
from modeltap.ingest.importer import Imported, Importer, import_entries
from modeltap.ingest.logs import bentoml
from modeltap.ingest.roles import Roles, choose_roles
from modeltap.ingest.table_rows import read_blocks
from modeltap.output import echo, emit_json
from modeltap.store.connection import enlarge_cache
from modeltap.wording import plural

_READ_TWICE = ("csv", "jsonl", "xlsx", "bentoml")
"""Formats that are read twice: column names and types are known only at the end of the file."""


_ROLES = (
    ("timestamp", "Column with the event time."),
    ("prediction", "Column with the prediction [default: 'prediction']."),
    ("score", "Column with the score [default: 'score']."),
    ("label", "Column with the label [default: 'label']."),
    ("id", "Column with the row's id."),
    ("features", "Feature columns, such as a,b,c [default: all others]."),
    ("ignore", "Columns to skip, such as a,b,c."),
)
"""Options that assign roles to columns, in the order of the help."""


def role_options(command: Any) -> Any:
    """Add the options of `_ROLES`."""
    for name, text in reversed(_ROLES):
        command = click.option(f"--{name}", default=None, help=text)(command)
    return command


_TIME_NAMES = frozenset(
    ("timestamp", "time", "ts", "datetime", "date", "event_time", "created_at", "started_at")
)
"""Usual names of the column of times."""


def roles_of(table: Table, options: dict[str, str | None]) -> Roles:
    """Resolve the role options against a table's columns."""
    lists = {name: _listed(options.pop(name)) for name in ("features", "ignore")}
    return choose_roles(table, **options, **lists)  # type: ignore[arg-type]


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@store_option
@required_model()
@click.option("--version", default="", help="The model's version.")
@click.option(
    "--format",
    "chosen_format",
    type=click.Choice(FORMATS),
    default=None,
    help="Format of the files [default: by name and content].",
)
@role_options
@table_options
@click.option(
    "--unpaired", is_flag=True, help="Also store requests and responses without a counterpart."
)
@click.option("--strict", is_flag=True, help="Exit with 1 if a line cannot be read.")
@json_option
def import_(
    files: Sequence[str],
    store: str | None,
    model: str,
    version: str,
    chosen_format: str | None,
    unpaired: bool,
    strict: bool,
    as_json: bool,
    encoding: str | None,
    sheet: str | None,
    **options: str | None,
) -> None:
    """Import exchanges from tables or from other tools' logs.

    Reads CSV, JSON Lines, Parquet, and logs of SageMaker, KServe, BentoML and Azure ML. Safe to
    repeat: rows that are already stored are skipped.

    \b
    Example:
      modeltap import history.csv --model flights --timestamp time
    """
    kinds = [format_of(file, chosen_format) for file in files]
    settings = sources.load(tolerant=True).for_model(model)
    form = TableForm(encoding, sheet)
    broken = replaced = 0
    importer: Importer | None = None
    for file, kind in zip(files, kinds, strict=True):
        times = 2 if kind in _READ_TWICE else 1
        with reading_bar(Path(file), "importing", times) as on_read, _collector_paused():
            source, entries = _opened(file, kind, dict(options), on_read, settings, form)
            # The store is created here, so that a rejected file leaves none behind.
            importer = importer or Importer(_created(store), settings, model=model, version=version)
            import_entries(importer, entries)
        _report_broken(source, len(files) > 1)
        broken += source.broken_count
        replaced += source.replaced
    assert importer is not None
    importer.settle(all_of_them=unpaired)
    _report(importer.done, model, broken, replaced, as_json)
    if strict and broken:
        raise InputError(f"{plural(broken, 'unreadable line')} in {_named(files)}")
    if strict and replaced:
        raise InputError(f"{plural(replaced, 'replaced character')} in {_named(files)}")
    if not importer.done.anything():
        raise InputError(f"no row of {_named(files)} could be read")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the search for reference cycles; rows make none, and it takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _created(store: str | None) -> sqlite3.Connection:
    connection = open_store(store, create=True)
    enlarge_cache(connection)
    return connection


def _opened(
    file: str,
    kind: str,
    options: dict[str, str | None],
    on_read: OnRead,
    settings: Settings,
    form: TableForm,
) -> tuple[Source, Iterator[Entry]]:
    """Open a file and return it with its entries."""
    if kind in LOGS:
        source = Source(Path(file), on_read=on_read)
        given = {**options, **form._asdict()}
        named = [f"--{name}" for name, value in given.items() if value is not None]
        if named:
            raise InputError(
                f"{named[0]} applies to tables only; the format of {source.path.name!r} is {kind}"
            )
        return source, LOGS[kind](source)
    table_kind = "jsonl" if kind == "bentoml" else kind
    table = open_table(file, table_kind, on_read, settings.codes_of, form)
    already_read = Path(file).stat().st_size if kind in _READ_TWICE else 0
    table.on_read = lambda position: on_read(already_read + position)
    if kind == "bentoml":
        return table, bentoml.read(table, _bentoml_roles(table, options))
    roles = roles_of(table, options)
    if roles.timestamp is None:
        table.notices.append(_without_times(table))
    return table, read_blocks(table, roles)


def _without_times(table: Table) -> str:
    """Return a notice: rows without times of their own are all in the window of the import."""
    named = next((name for name in table.columns if name.lower() in _TIME_NAMES), None)
    hint = "name the column that has their times with --timestamp"
    if named is not None:
        hint = f"--timestamp {named} uses their own"
    return f"all rows have the time of the import as their event time; {hint}"


def _bentoml_roles(table: Table, options: dict[str, str | None]) -> Roles:
    roles = bentoml.find_roles(table, prediction=options["prediction"], label=options["label"])
    ignored = [*roles.pop("ignore"), *_listed(options.pop("ignore"))]
    features = _listed(options.pop("features"))
    given = {name: value for name, value in options.items() if value is not None}
    return choose_roles(table, **{**roles, **given}, features=features, ignore=ignored)


def _report_broken(source: Source, with_name: bool) -> None:
    start = f"{source.path.name}: " if with_name else ""
    report_notices(source, start)
    for reason in source.broken:
        echo(f"{start}{reason}", err=True)
    if source.broken_count > len(source.broken):
        more = source.broken_count - len(source.broken)
        echo(f"{start}... and {plural(more, 'more unreadable line')}", err=True)


def _report(done: Imported, model: str, broken: int, replaced: int, as_json: bool) -> None:
    if as_json:
        emit_json({**asdict(done), "broken": broken, "replaced_characters": replaced})
        return
    echo(
        f"{plural(done.rows, 'row')} imported for {model}, {done.repeated:,} already stored, "
        f"{plural(done.labels, 'label')}, {plural(broken, 'unreadable line')}"
    )
    for count, noun, note in (
        (done.completed, "stored exchange", "completed by a request or response that was missing"),
        (done.waiting, "request or response", "waiting for a counterpart"),
        (done.unpaired, "request or response", "stored without a counterpart"),
        (done.waiting_labels, "label", "waiting for an exchange that is not stored yet"),
        (done.without_time, "row", "without an event time, and therefore in no window"),
        (replaced, "character", "replaced, because decoding failed"),
    ):
        if count:
            echo(f"{_counted(count, noun)} {note}")


def _counted(count: int, noun: str) -> str:
    """Return a count with its noun, also where the noun is an alternative.

    >>> _counted(1, "label"), _counted(2, "request or response")
    ('1 label', '2 requests or responses')
    """
    return plural(count, noun if count == 1 else noun.replace(" or", "s or"))


def _named(files: Sequence[str]) -> str:
    first = repr(Path(files[0]).name)
    return first if len(files) == 1 else f"{first} and {len(files) - 1} more"


def _listed(text: str | None) -> Sequence[str]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()
