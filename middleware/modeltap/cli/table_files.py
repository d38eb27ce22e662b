"""Options of commands that read a table, and what they report of the file."""

from __future__ import annotations

from typing import Any

import click

from modeltap.ingest.files.source import Source
from modeltap.output import echo


def table_options(command: Any) -> Any:
    """Add the options that say how a table is written."""
    return click.option(
        "--encoding",
        default=None,
        help="The encoding of a CSV file, such as cp1251 [default: found in the file].",
    )(command)


def report_notices(source: Source, prefix: str = "") -> None:
    """Print what people should know of a file as a whole."""
    for notice in source.notices:
        echo(f"{prefix}{notice}", err=True)
