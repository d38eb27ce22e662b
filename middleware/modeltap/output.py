"""Writing rows: a table for people, JSON Lines for programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from tabulate import tabulate

from modeltap import clock


def emit_json(row: Mapping[str, Any]) -> None:
    """Print one row as a line of JSON; bytes as base64."""
    click.echo(json.dumps(dict(row), default=_as_text, ensure_ascii=False))


def emit_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Print rows under their columns' names, or the line `empty`."""
    cells = [[cell(row[name]) for name in columns] for row in rows]
    if not cells:
        click.echo(empty)
        return
    click.echo(
        tabulate(
            cells,
            headers=[c.replace("_", " ") for c in columns],
            tablefmt="plain",
            disable_numparse=True,
        )
    )


def emit(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Print rows as asked for."""
    if as_json:
        for row in rows:
            emit_json(row)
    else:
        emit_table(rows, columns, empty)


def cell(value: Any) -> str:
    """Write a value for people: short numbers, short times, nothing for nothing."""
    if value is None:
        return ""
    if isinstance(value, float):
        # Ten seconds are 12346 ms, and not 1.235e+04.
        return f"{value:.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = str(value)
    if len(text) == 24 and text.endswith("Z") and clock.parse(text) is not None:
        return clock.short(text)
    return text


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
