"""`import`: backfill from tables and from other tools' logs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from modeltap.cli.common import json_option, open_store, store_option
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
from modeltap.ingest.table_rows import read_rows
from modeltap.output import echo, emit_json
from modeltap.wording import plural

_READ_TWICE = ("csv", "jsonl", "bentoml")
"""Which columns they have, and which of those hold numbers only, shows at the end."""


def role_options(command: Any) -> Any:
    """Add the options that say which column is what."""
    for name, text in (
        ("timestamp", "The column of the event time."),
        ("prediction", "The column of the model's prediction [default: 'prediction']."),
        ("score", "The column of its score [default: 'score']."),
        ("label", "The column of what was right [default: 'label']."),
        ("id", "The column of the row's own id."),
        ("features", "The columns that are features, a,b,c [default: all others]."),
        ("ignore", "Columns to leave out, a,b,c."),
    ):
        command = click.option(f"--{name}", default=None, help=text)(command)
    return command


def roles_of(table: Table, options: dict[str, str | None]) -> Roles:
    """Read the role options against a table's columns."""
    lists = {name: _listed(options.pop(name)) for name in ("features", "ignore")}
    return choose_roles(table, **options, **lists)  # type: ignore[arg-type]


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@store_option
@click.option("--model", required=True, help="The model's name.")
@click.option("--version", default="", help="The model's version.")
@click.option(
    "--format",
    "said_format",
    type=click.Choice(FORMATS),
    default=None,
    help="What the files are [default: by name and content].",
)
@role_options
@table_options
@click.option("--unpaired", is_flag=True, help="Store requests and responses that wait, alone.")
@click.option("--strict", is_flag=True, help="Fail when a line is broken.")
@json_option
def import_(
    files: Sequence[str],
    store: str | None,
    model: str,
    version: str,
    said_format: str | None,
    unpaired: bool,
    strict: bool,
    as_json: bool,
    encoding: str | None,
    sheet: str | None,
    **options: str | None,
) -> None:
    """Backfill from tables and from other tools' logs; the same files again add nothing."""
    kinds = [format_of(file, said_format) for file in files]
    settings = sources.load(tolerant=True).for_model(model)
    form = TableForm(encoding, sheet)
    broken = replaced = 0
    importer: Importer | None = None
    for file, kind in zip(files, kinds, strict=True):
        times = 2 if kind in _READ_TWICE else 1
        with reading_bar(Path(file), "importing", times) as on_read:
            source, entries = _opened(file, kind, dict(options), on_read, settings, form)
            # Only now: a file that is refused leaves no store behind.
            importer = importer or Importer(_created(store), settings, model=model, version=version)
            import_entries(importer, entries)
        _tell_broken(source, len(files) > 1)
        broken += source.broken_count
        replaced += source.replaced
    assert importer is not None
    importer.settle(all_of_them=unpaired)
    _tell(importer.done, model, broken, replaced, as_json)
    if strict and broken:
        raise InputError(f"{broken} broken lines in {_named(files)}")
    if strict and replaced:
        raise InputError(f"{plural(replaced, 'replaced character')} in {_named(files)}")
    if not importer.done.anything():
        raise InputError(f"no row of {_named(files)} could be read")


def _created(store: str | None) -> sqlite3.Connection:
    return open_store(store, create=True)


def _opened(
    file: str,
    kind: str,
    options: dict[str, str | None],
    on_read: OnRead,
    settings: Settings,
    form: TableForm,
) -> tuple[Source, Iterator[Entry]]:
    """Return a file and what is in it, entry by entry."""
    if kind in LOGS:
        source = Source(Path(file), on_read=on_read)
        given = {**options, **form._asdict()}
        named = [f"--{name}" for name, value in given.items() if value is not None]
        if named:
            raise InputError(f"{named[0]} is for tables; {source.path.name!r} is {kind}")
        return source, LOGS[kind](source)
    own = "jsonl" if kind == "bentoml" else kind
    table = open_table(file, own, on_read, settings.codes_of, form)
    first = Path(file).stat().st_size if kind in _READ_TWICE else 0
    table.on_read = lambda position: on_read(first + position)
    if kind == "bentoml":
        return table, bentoml.read(table, _bentoml_roles(table, options))
    return table, read_rows(table, roles_of(table, options))


def _bentoml_roles(table: Table, options: dict[str, str | None]) -> Roles:
    found = bentoml.find_roles(table, prediction=options["prediction"], label=options["label"])
    ignored = [*found.pop("ignore"), *_listed(options.pop("ignore"))]
    features = _listed(options.pop("features"))
    given = {name: value for name, value in options.items() if value is not None}
    return choose_roles(table, **{**found, **given}, features=features, ignore=ignored)


def _tell_broken(source: Source, name_it: bool) -> None:
    start = f"{source.path.name}: " if name_it else ""
    report_notices(source, start)
    for reason in source.broken:
        echo(f"{start}{reason}", err=True)
    if source.broken_count > len(source.broken):
        more = source.broken_count - len(source.broken)
        echo(f"{start}... and {more} more broken lines", err=True)


def _tell(done: Imported, model: str, broken: int, replaced: int, as_json: bool) -> None:
    if as_json:
        emit_json({**asdict(done), "broken": broken, "replaced_characters": replaced})
        return
    echo(
        f"{plural(done.rows, 'row')} imported for {model}, {done.repeated:,} were there "
        f"before, {plural(done.labels, 'label')}, "
        f"{plural(broken, 'broken line')}"
    )
    for count, words in (
        (done.completed, "exchanges that were stored without one side have it now"),
        (done.waiting, "requests or responses wait for the other side"),
        (done.unpaired, "of those that waited are stored alone"),
        (done.waiting_labels, "labels are for exchanges that are not there yet"),
        (done.without_time, "rows tell no time and are in no window"),
        (replaced, "characters could not be decoded and were replaced"),
    ):
        if count:
            echo(f"{count:,} {words}")


def _named(files: Sequence[str]) -> str:
    first = repr(Path(files[0]).name)
    return first if len(files) == 1 else f"{first} and {len(files) - 1} more"


def _listed(text: str | None) -> Sequence[str]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()
