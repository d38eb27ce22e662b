"""Writing batches of exchanges into one store."""

from __future__ import annotations

import marshal
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from modeltap.config import ANALYSIS_OPTIONS, parse_reference
from modeltap.errors import ModeltapError
from modeltap.store.connection import connect, writing
from modeltap.store.schema import EXCHANGE_COLUMNS
from modeltap.store.settings import save_settings
from modeltap.store.writer import insert_exchanges, write_losses
from modeltap.tap.record import Origin, Recording, Row

_REOPEN_SECONDS = 5.0
"""An unusable store is tried again this often."""

Batch = Sequence[bytes]
"""Exchanges as `record.pack` returns them."""


class Outcome(msgspec.Struct):
    """What became of a batch: how many of it were written, how many could not be made rows of, and
    what is to be logged; the others were lost with the store."""

    written: int = 0
    failed: int = 0
    said: list[str] = []


class BatchWriter:
    """Writes to one store; waits while another holds its lock, gives up on anything else."""

    def __init__(self, store: Path, patient: Callable[[], bool]) -> None:
        self._store = store
        self._patient = patient
        self._recordings: list[Recording] = []
        self._connection: sqlite3.Connection | None = None
        self._retry_at = 0.0
        self._lost = 0
        self._known_models: set[str] = set()

    def introduce(self, origin: Origin) -> None:
        """Make the next origin known; the first has the number 0."""
        self._recordings.append(Recording(origin))

    def write(self, batch: Batch, losses: Mapping[str, int]) -> Outcome:
        """Write `batch` in one transaction, and how many had to be dropped before it."""
        outcome = Outcome()
        rows, models = self._rows(batch, outcome)
        if self._lost:
            losses = {**losses, "store unusable": self._lost}
        while True:
            try:
                self._write_once(rows, models, losses)
                outcome.written, self._lost = len(rows), 0
            except sqlite3.OperationalError as error:
                # SQLite has waited its busy timeout already; who sends us batches is bounded.
                if _is_busy(error) and self._patient():
                    continue
                self._give_up(error, len(rows), outcome)
            except Exception as error:
                self._give_up(error, len(rows), outcome)
            return outcome

    def close(self) -> None:
        """Close the store; the next `write` would open it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, batch: Batch, outcome: Outcome) -> tuple[list[Row], dict[str, Origin]]:
        """Return the rows of a batch, and the origin of each model that is new."""
        rows = []
        new = {}
        for packed in batch:
            try:
                values = marshal.loads(packed)
                recording = self._recordings[values[0]]
                row = recording.row(values)
            except Exception as error:  # one strange exchange must not cost the others
                outcome.failed += 1
                if outcome.failed == 1:
                    outcome.said.append(f"an exchange could not be recorded: {error!r}")
                continue
            rows.append(row)
            if row[_MODEL] not in self._known_models:
                new[row[_MODEL]] = recording.origin
        return rows, new

    def _write_once(
        self, rows: list[Row], models: Mapping[str, Origin], losses: Mapping[str, int]
    ) -> None:
        connection = self._open()
        with writing(connection):
            insert_exchanges(connection, rows)
            for model, origin in models.items():
                _keep_settings(connection, model, origin)
            if losses:
                origin = self._recordings[0].origin
                write_losses(connection, origin.host, origin.pid, losses)
        self._known_models.update(models)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                raise ModeltapError("the store was unusable a moment ago")
            self._connection = connect(self._store, in_child=True)
        return self._connection

    def _give_up(self, error: Exception, count: int, outcome: Outcome) -> None:
        self._lost += count
        if time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _REOPEN_SECONDS
            outcome.said.append(f"exchanges are not recorded, the app serves on: {error}")
        self.close()


_MODEL = EXCHANGE_COLUMNS.index("model")


def _keep_settings(connection: sqlite3.Connection, model: str, origin: Origin) -> None:
    """Leave in the store what whoever analyses must know of a model seen for the first time."""
    own = origin.settings.for_model(model)
    said = {name: getattr(own, name) for name in ANALYSIS_OPTIONS}
    if parse_reference(own.reference)[0] == "file":
        # Whoever analyses may stand in another folder.
        said["reference"] = str(Path(own.reference).absolute())
    said["webhooks"] = list(origin.webhooks)
    save_settings(connection, model, said)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
