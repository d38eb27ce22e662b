"""The `datasette` command."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click

from modeltap.browsing.datasette_metadata import metadata_of
from modeltap.browsing.datasette_server import serve_datasette
from modeltap.cli.common import read_store, store_option, store_path
from modeltap.errors import InputError
from modeltap.output import echo


@click.command()
@store_option
@click.option("--port", default=8401, show_default=True, help="The port; 0 takes a free one.")
@click.option("--open", "is_opened", is_flag=True, help="Open it in the browser.")
@click.option(
    "--metadata",
    default=None,
    metavar="FILE",
    help="Write the metadata for a Datasette of your own instead, - to standard output.",
)
def datasette(store: str | None, port: int, is_opened: bool, metadata: str | None) -> None:
    """Browse the store with Datasette.

    With descriptions of tables and columns, filters, and useful queries. It reads a store in use,
    changes nothing, and listens on this machine only.

    \b
    Examples:
      modeltap datasette --open
      modeltap datasette --metadata metadata.json
    """
    if metadata is None:
        read_store(store).close()
        serve_datasette(
            store_path(store),
            port,
            is_opened=is_opened,
            announce=lambda url: echo(f"datasette: {url} (stop with Ctrl-C)"),
        )
        return
    with closing(read_store(store)) as connection:
        text = json.dumps(metadata_of(connection, store_path(store)), indent=1)
    if metadata == "-":
        echo(*text.split("\n"))
    else:
        _write(Path(metadata), text)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--metadata {str(file)!r}: {error.strerror}; choose another") from error
    echo(f"metadata written to {file}; use it with: datasette STORE --metadata {file}")
