"""Progress on a terminal: a bar while reading a file, a line during an analysis."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modeltap.ingest.files.source import OnRead
from modeltap.output import can_redraw, draw, progress_bar
from modeltap.store.exchanges import newest_exchange
from modeltap.store.watermarks import watermark


@contextmanager
def reading_bar(file: Path, label: str, times: int = 1) -> Iterator[OnRead]:
    """Yield a callback for the number of bytes read from a file that is read `times` times."""
    # A missing file is reported by the code that opens it.
    size = max(1, file.stat().st_size if file.is_file() else 0) * times
    with progress_bar(size, f"{label} {file.name}", hidden=not can_redraw(err=True)) as bar:
        yield _advancing(bar)
        bar.update(size - bar.pos)


@contextmanager
def counting_bar(count: int, label: str) -> Iterator[Callable[[int], None]]:
    """Yield a callback for the number of steps, of `count`, that were done since the last call."""
    with progress_bar(max(1, count), label, hidden=not can_redraw(err=True)) as bar:
        yield bar.update


def _advancing(bar: Any) -> OnRead:
    def on_read(position: int) -> None:
        bar.update(max(0, min(position, bar.length) - bar.pos))

    return on_read


@contextmanager
def analysis_line(connection: sqlite3.Connection) -> Iterator[Callable[[], None]]:
    """Yield a callback for each chunk of work. The progress line is erased at the end."""
    if not can_redraw(err=True):
        yield lambda: None
        return
    try:
        yield _AnalysisLine(connection).update
    finally:
        draw("", err=True)


class _AnalysisLine:
    """Progress through exchanges, then windows, of which the total is not known."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._newest = newest_exchange(connection)
        self._evaluated = 0

    def update(self) -> None:
        seen = watermark(self._connection, "seen")
        if seen < self._newest:
            text = f"counted {seen:,} of {self._newest:,} exchanges"
        else:
            self._evaluated += 1
            text = "evaluating windows" + "." * (self._evaluated % 4)
        draw(text, err=True)


@contextmanager
def counting_line(noun: str) -> Iterator[Callable[[], None]]:
    """Yield a callback for each of an unknown number of things, which a line counts."""
    if not can_redraw(err=True):
        yield lambda: None
        return
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        draw(f"{done:,} {noun}", err=True)

    try:
        yield count
    finally:
        draw("", err=True)
