"""Rows on disk between learning their columns and writing them."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from modeltap.export.flattening import FlatRows


class Spool:
    """Rows in a file, in the parts in which they were added."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._parts = 0

    def add(self, rows: FlatRows) -> None:
        """Write rows to the end."""
        pickle.dump(rows, self._file, pickle.HIGHEST_PROTOCOL)
        self._parts += 1

    def __iter__(self) -> Iterator[FlatRows]:
        self._file.seek(0)
        for _ in range(self._parts):
            yield pickle.load(self._file)


@contextmanager
def spool_in(folder: Path | None) -> Iterator[Spool]:
    """Yield a spool in a temporary file, which has no name, so that no other process opens it.

    Args:
        folder: None for the system's folder of temporary files.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        yield Spool(file)
