"""Progress on a terminal: a bar for reading a file, a line for an analysis."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modeltap.ingest.files.source import OnRead
from modeltap.output import draw, progress_bar
from modeltap.store.exchanges import newest_exchange
from modeltap.store.watermarks import watermark


@contextmanager
def reading_bar(file: Path, label: str, times: int = 1) -> Iterator[OnRead]:
    """Give what is to be called with the bytes that are read of a file, which is read so often."""
    # Whoever opens the file says what is wrong with one that is not there.
    size = max(1, file.stat().st_size if file.is_file() else 0) * times
    with progress_bar(size, f"{label} {file.name}", hidden=not sys.stderr.isatty()) as bar:
        yield _advancing(bar)
        bar.update(size - bar.pos)


def _advancing(bar: Any) -> OnRead:
    def on_read(position: int) -> None:
        bar.update(max(0, min(position, bar.length) - bar.pos))

    return on_read


@contextmanager
def analysis_line(connection: sqlite3.Connection) -> Iterator[Callable[[], None]]:
    """Give what is to be called after each piece of work; the line is wiped away in the end."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    try:
        yield _AnalysisLine(connection).look
    finally:
        draw("", err=True)


class _AnalysisLine:
    """Counts exchanges first; the number of windows to evaluate after that is not known."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._newest = newest_exchange(connection)
        self._evaluated = 0

    def look(self) -> None:
        seen = watermark(self._connection, "seen")
        if seen < self._newest:
            text = f"counted {seen:,} of {self._newest:,} exchanges"
        else:
            self._evaluated += 1
            text = "evaluating windows" + "." * (self._evaluated % 4)
        draw(text, err=True)
