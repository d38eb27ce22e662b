"""The `dataset` command: labelled rows of a store written to a golden set."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from modeltap import clock
from modeltap.cli.common import check_model, json_option, moment_of, read_store, store_option
from modeltap.comparison.compared_rows import StoredRows
from modeltap.comparison.golden_set import write_golden_set
from modeltap.output import echo, emit_json, progress_bar
from modeltap.wording import plural


@click.command()
@click.option("--model", required=True, help="The model's name.")
@click.option("-o", "--output", required=True, metavar="FILE", help="A .jsonl or .jsonl.gz file.")
@click.option("--since", default=None, help="Only rows at or after this event time.")
@click.option("--version", "version", default=None, help="The model's version [default: newest].")
@click.option(
    "--limit",
    default=None,
    type=click.IntRange(min=1),
    help="At most this many rows, chosen evenly.",
)
@store_option
@json_option
def dataset(
    model: str,
    output: str,
    since: str | None,
    version: str | None,
    limit: int | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Write labelled rows to a golden set for `compare`.

    Rows whose request is masked, truncated or deleted are left out and counted.

    \b
    Example:
      modeltap dataset --model flights -o golden.jsonl
    """
    moment = moment_of(since, "--since")
    connection = read_store(store)
    check_model(connection, model)
    start = None if moment is None else clock.iso(moment)
    source = StoredRows(connection, model, since=start, version=version)
    path = Path(output)
    with progress_bar(len(source.rows), "writing", hidden=not sys.stderr.isatty()) as bar:
        golden = write_golden_set(connection, source, path, limit=limit, on_read=bar.update)
    if as_json:
        emit_json({"rows": golden.rows, "left_out": dict(golden.left_out)})
        return
    echo(f"{plural(golden.rows, 'row')} written to {path}")
    if golden.left_out:
        counts = golden.left_out.most_common()
        echo("left out: " + ", ".join(f"{count:,} {reason}" for reason, count in counts), err=True)
