"""The `dataset` command: labelled rows of a store written to a golden set."""

from __future__ import annotations

from functools import partial

import click

from modeltap import clock
from modeltap.cli.common import json_option, moment_of, required_model, store_option, store_path
from modeltap.cli.progress import counting_bar
from modeltap.comparison.golden_set import write_dataset
from modeltap.output import echo, emit_json
from modeltap.wording import plural


@click.command()
@required_model()
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
    golden = write_dataset(
        store_path(store),
        output,
        model=model,
        since=None if moment is None else clock.iso(moment),
        version=version,
        limit=limit,
        show_progress=partial(counting_bar, label="writing"),
    )
    if as_json:
        emit_json(golden.to_dict())
        return
    echo(f"{plural(golden.rows, 'row')} written to {golden.path}")
    if golden.left_out:
        counts = golden.left_out.items()
        echo("left out: " + ", ".join(f"{count:,} {reason}" for reason, count in counts), err=True)
