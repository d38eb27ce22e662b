"""Options of commands that read a table, and notices about the file."""

from __future__ import annotations

from typing import Any

import click

from modeltap.ingest.files.source import Source
from modeltap.output import echo


def table_options(command: Any) -> Any:
    """Add the options for the format of a table."""
    command = click.option(
        "--sheet", default=None, help="Sheet of an Excel workbook [default: the first]."
    )(command)
    return click.option(
        "--encoding",
        default=None,
        help="Encoding of a CSV file, such as cp1251 [default: detected].",
    )(command)


def report_notices(source: Source, prefix: str = "") -> None:
    """Print notices about the file."""
    for notice in source.notices:
        echo(f"{prefix}{notice}", err=True)
