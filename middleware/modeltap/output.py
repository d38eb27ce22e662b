"""Output of the commands. No other module writes to a terminal.

`echo` prints lines; `emit` prints rows, as a table or as JSON Lines. All output is escaped, so
that a name from a client cannot move the cursor or forge a line. A terminal gets tables and
paragraphs that fit its width; a pipe gets each row and each paragraph on one line, in full.
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

from modeltap import clock, terminal
from modeltap.printable import escaped, escaped_json, escaped_lines
from modeltap.table_layout import TableColumn, table_lines
from modeltap.text_width import cut, wrapped

_WIPE = "\r\x1b[K"
"""Moves the cursor to the start of the line and erases it."""

_WIDEST = 100
"""Longer lines of a paragraph are hard to read, even on a wider terminal."""

_SENTENCES = ("explanation", "summary", "message", "reason", "description", "result", "last_error")
"""Columns that stand below their row if a terminal is too narrow."""

_RANKS = {
    **dict.fromkeys(("estimated", "window_end"), 1),
    **dict.fromkeys(("low", "high", "first_at"), 2),
    **dict.fromkeys(("trend", "lift", "last_at"), 3),
    **dict.fromkeys(("effect", "rows"), 4),
}
"""Columns that are left out in this order if there is no room."""

_WHOLE = ("id", "example", "run", "key", "webhook", "alert")
"""Columns to copy, which are not cut."""

_COLOURED = ("verdict", "state", "severity")
_COLOURS = {
    **dict.fromkeys(("alert", "critical", "firing", "error", "worse", "failed"), "red"),
    **dict.fromkeys(("warning", "pending", "no_data", "learning"), "yellow"),
    **dict.fromkeys(("ok", "resolved", "better"), "green"),
}
"""The word itself stays: a colour is never the only sign."""


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
    _write("\n".join(painted(escaped(line), color) for line in lines), err=err)


def echo_paragraph(
    text: str, *, first: str = "", later: str = "", err: bool = False, color: str | None = None
) -> None:
    """Print a text after `first`: a line in a pipe, wrapped on a terminal, where `later` indents.

    Args:
        color: of `first`.
    """
    escaped_text = escaped(text)
    if is_fitted(err=err):
        columns = terminal.columns(_stream(err))
        lines = wrapped(escaped_text, min(columns, _WIDEST), first, later)
    else:
        lines = [f"{first}{escaped_text}"]
    lines[0] = painted(first, color) + lines[0][len(first) :]
    _write("\n".join(lines), err=err)


def echo_cut(text: str, *, first: str = "", color: str | None = None) -> None:
    """Print a text after `first` on one line, which a terminal's width cuts; `color` of `first`."""
    _write(painted(first, color) + one_line(text, len(first)), err=False)


def one_line(text: str, indent: int = 4) -> str:
    """Return an escaped text that fits on one line of a terminal; unchanged in a pipe."""
    line = escaped(text)
    return cut(line, terminal.columns(sys.stdout) - indent, ellipsis()) if is_fitted() else line


def draw(foot: str, *lines: str, err: bool = False, color: str | None = None) -> None:
    """Replace a terminal's last line by `lines` and the new last line `foot`, in one write."""
    above = "".join(f"{painted(escaped(line), color)}\n" for line in lines)
    _write(f"{_WIPE}{above}{escaped(foot)}", err=err, nl=False)


def painted(text: str, color: str | None) -> str:
    """Return an escaped text in a colour, or in ``"bold"`` or ``"dim"``."""
    if color is None or not text:
        return text
    if color in ("bold", "dim"):
        return click.style(text, bold=color == "bold" or None, dim=color == "dim" or None)
    return click.style(text, fg=color)


def is_fitted(*, err: bool = False) -> bool:
    """Return whether an output is a terminal, to whose width texts are fitted."""
    return terminal.is_terminal(_stream(err))


def can_redraw(*, err: bool = False) -> bool:
    """Return whether an output can show progress on its last line."""
    return terminal.can_redraw(_stream(err))


def columns_beside(used: int) -> int | None:
    """Return the columns that a terminal has beside `used` ones; None in a pipe."""
    return terminal.columns(sys.stdout) - used if is_fitted() else None


def shows_drawings() -> bool:
    """Return whether standard output can show block characters."""
    return terminal.shows_drawings(sys.stdout)


def ellipsis() -> str:
    """Return the mark of a cut text in the encoding of standard output."""
    return "…" if shows_drawings() else "..."


def _stream(err: bool) -> TextIO:
    return sys.stderr if err else sys.stdout


def _write(text: str, *, err: bool, nl: bool = True) -> None:
    """Write an escaped text. click removes the colours where they are not shown."""
    stream = _stream(err)
    if not terminal.shows_drawings(stream):
        text = text.replace("…", "...")
    click.echo(text, nl=nl, err=err, color=terminal.shows_colours(stream))


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
        echo_paragraph(empty)
        return
    echo_table(cells, columns)


def echo_table(
    cells: Sequence[Sequence[str]], names: Sequence[str], right: Sequence[str] = ()
) -> None:
    """Print a table of texts; `names` with spaces instead of underscores are its header.

    Args:
        right: columns that are aligned on the right.
    """
    columns = [
        TableColumn(
            name,
            escaped(name.replace("_", " ")),
            is_sentence=name in _SENTENCES,
            is_whole=name in _WHOLE,
            is_right=name in right,
            rank=_RANKS.get(name),
        )
        for name in names
    ]
    # Escape before the layout, because escaping changes the width of columns.
    shown = [[escaped(text) for text in row] for row in cells]
    room = terminal.columns(sys.stdout) if is_fitted() else None
    table = table_lines(columns, shown, room, ellipsis=ellipsis(), paint=_paint)
    _write("\n".join(table.lines), err=False)
    without = f"without {', '.join(table.left_out)}" if table.left_out else ""
    if parts := ", ".join(filter(None, ("cut" if table.is_cut else "", without))):
        echo_paragraph(f"({parts} in {room} columns; a pipe or --json has all)")


def _paint(name: str, text: str) -> str:
    if not name:
        return painted(text, "bold")
    return painted(text, _COLOURS.get(text) if name in _COLOURED else None)


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
    """Format a value for people: short numbers and times, yes and no; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
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
