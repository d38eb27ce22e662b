"""Output of the commands. No other module writes to a terminal.

`echo` prints lines; `emit` prints rows, as a table or as JSON Lines. All output is escaped, so
that a name from a client cannot move the cursor or forge a line.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TextIO

import click

from modeltap import clock
from modeltap.printable import escaped, escaped_json, escaped_lines

_WIPE = "\r\x1b[K"
"""Moves the cursor to the start of the line and erases it."""


def prepare_outputs() -> None:
    """Configure the outputs to escape unencodable names, and replace closed ones.

    Without this, the locale's encoding or a closed output could stop a command.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")


def close_outputs() -> None:
    """Discard all further output, also at exit, after the reader has closed the pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def echo(*lines: str, err: bool = False, color: str | None = None) -> None:
    """Print `lines`, each escaped to a single line, in one write."""
    click.echo("\n".join(_line(line, color) for line in lines), err=err)


def draw(foot: str, *lines: str, err: bool = False, color: str | None = None) -> None:
    """Replace a terminal's last line by `lines` and the new last line `foot`, in one write."""
    above = "".join(f"{_line(line, color)}\n" for line in lines)
    click.echo(f"{_WIPE}{above}{escaped(foot)}", nl=False, err=err)


def _line(text: str, color: str | None) -> str:
    return escaped(text) if color is None else click.style(escaped(text), fg=color)


def progress_bar(length: int, label: str, *, hidden: bool = False) -> AbstractContextManager[Any]:
    """Return a progress bar of `length` steps on standard error."""
    bar: AbstractContextManager[Any] = click.progressbar(
        length=length, label=escaped(label), file=sys.stderr, hidden=hidden, show_pos=False
    )
    return bar


def confirm(question: str) -> None:
    """Ask on standard error; raise `click.Abort` unless the answer is yes."""
    click.confirm(escaped(question), abort=True, err=True)


def ask(question: str) -> str:
    """Ask for a line on standard error, "" for Enter; raise `click.Abort` at the end of input."""
    answer: str = click.prompt(escaped(question), default="", show_default=False, err=True)
    return answer


def emit_json(row: Mapping[str, Any]) -> None:
    """Print a row as a line of JSON, with bytes as base64."""
    text = json.dumps(dict(row), default=_as_text, ensure_ascii=not _is_utf8(sys.stdout))
    click.echo(escaped_json(text))


def emit_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Print rows as a table with a header, or the line `empty`."""
    cells = [[cell(row[name]) for name in columns] for row in rows]
    if not cells:
        echo(empty)
        return
    echo_table(cells, [c.replace("_", " ") for c in columns])


def echo_table(
    cells: Sequence[Sequence[str]],
    headers: Sequence[str],
    *,
    tablefmt: str = "plain",
    colalign: Sequence[str] | None = None,
) -> None:
    """Print a table of texts, formatted by `tabulate`."""
    from tabulate import tabulate  # takes longer to import than click

    # Escape before the layout, because escaping changes the width of columns.
    shown = [[escaped(text) for text in row] for row in cells]
    table = tabulate(
        shown, headers=headers, tablefmt=tablefmt, colalign=colalign, disable_numparse=True
    )
    echo(*table.split("\n"))


def emit(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Print rows as JSON Lines or as a table."""
    if as_json:
        for row in rows:
            emit_json(row)
    else:
        emit_table(rows, columns, empty)


def cell(value: Any) -> str:
    """Format a value for people, with short numbers and times; None is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        # Avoids exponents: 12346 instead of 1.235e+04.
        return f"{value:.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = str(value)
    if len(text) == 24 and text.endswith("Z") and clock.parse(text) is not None:
        return clock.short(text)
    return text


def standard_output() -> TextIO:
    """Return standard output for data: escaped on a terminal, unchanged in a pipe."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not _is_utf8(sys.stdout):
        sys.stdout.reconfigure(encoding="utf-8")  # data is UTF-8 in every locale, like files
    return _Terminal(sys.stdout) if sys.stdout.isatty() else sys.stdout  # type: ignore[return-value]


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


class _Terminal:
    """A stream that escapes text before writing it to a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        # CSV ends lines with a carriage return and a line feed.
        return self._stream.write(escaped_lines(text.replace("\r\n", "\n")))

    def flush(self) -> None:
        self._stream.flush()


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
