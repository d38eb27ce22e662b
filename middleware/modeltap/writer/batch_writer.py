"""Writing batches of exchanges into one store."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from modeltap.config.reference_settings import parse_reference
from modeltap.config.settings import ANALYSIS_OPTIONS
from modeltap.errors import ModeltapError, StoreDamaged
from modeltap.store import damage
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import note_dropped
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.settings import save_settings
from modeltap.writer.protocol import NO_ROOM, UNUSABLE
from modeltap.writer.records import Origin, unpack
from modeltap.writer.row_masker import RowMasker

_REOPEN_SECONDS = 5.0
"""An unusable store is tried again this often."""

_FREE_BYTES = 64 * 1024 * 1024
_FREE_SHARE = 0.05
"""Nothing is written with less room on the disk than this, or this share of a small one: a full
disk wedges SQLite, which then cannot even delete."""

Batch = Sequence[bytes]
"""Exchanges as `record.pack` returns them."""


class Outcome(msgspec.Struct):
    """What became of a batch: how many of it were written, how many could not be made rows of, how
    many were lost, by reason, and what is to be logged."""

    written: int = 0
    failed: int = 0
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    messages: list[str] = []


class BatchWriter:
    """Writes to one store; waits while another holds its lock, gives up on anything else.

    A store that is gone or replaced is opened anew; a damaged one is put aside.
    """

    def __init__(self, store: Path, patient: Callable[[], bool]) -> None:
        self._store = store
        self._patient = patient
        self._maskers: list[RowMasker] = []
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._synchronous = "normal"
        self._retry_at = 0.0
        self._untold: Counter[str] = Counter()  # lost, and not yet noted in the store
        self._known_models: set[str] = set()

    def introduce(self, origin: Origin) -> None:
        """Make the next origin known; the first has the number 0."""
        self._maskers.append(RowMasker(origin))
        if origin.settings.durability == "power":
            self._synchronous = "full"
            self.close()

    def write(self, batch: Batch, losses: Mapping[str, int]) -> Outcome:
        """Write `batch` in one transaction, and how many had to be dropped before it."""
        outcome = Outcome()
        rows, models = self._rows(batch, outcome)
        self._untold.update(losses)
        while True:
            try:
                self._write_once(rows, models)
                outcome.written = len(rows)
            except StoreDamaged as error:
                if self._replaced(error, outcome):
                    continue
                self._give_up(error, len(rows), outcome)
            except _NoRoom as error:
                self._lose(NO_ROOM, error, len(rows), outcome)
            except Exception as error:
                # SQLite has waited its busy timeout already; who sends us batches is bounded.
                if (_is_busy(error) or _is_busy(error.__cause__)) and self._patient():
                    continue
                self._give_up(error, len(rows), outcome)
            return outcome

    def close(self) -> None:
        """Close the store; the next `write` would open it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, batch: Batch, outcome: Outcome) -> tuple[list[ExchangeRow], dict[str, Origin]]:
        """Return the rows of a batch, and the origin of each model that is new."""
        rows = []
        new = {}
        for packed in batch:
            try:
                record = unpack(packed)
                masker = self._maskers[record.origin]
                row = masker.row(record)
            except Exception as error:  # one strange exchange must not cost the others
                outcome.failed += 1
                if outcome.failed == 1:
                    outcome.messages.append(f"an exchange could not be recorded: {error!r}")
                continue
            rows.append(row)
            if row.model not in self._known_models:
                new[row.model] = masker.origin
        return rows, new

    def _write_once(self, rows: list[ExchangeRow], models: Mapping[str, Origin]) -> None:
        self._check_room()
        connection = self._open()
        try:
            with writing(connection):
                insert_exchanges(connection, rows)
                for model, origin in models.items():
                    _keep_settings(connection, model, origin)
                self._write_losses(connection)
        except sqlite3.DatabaseError as error:
            if damage.is_damage(error):
                raise StoreDamaged(str(error)) from error
            raise
        self._known_models.update(models)
        self._untold.clear()

    def _write_losses(self, connection: sqlite3.Connection) -> None:
        if self._untold:
            origin = self._maskers[0].origin
            # A process mostly serves one model; of several nobody knows whose were lost.
            model = next(iter(self._known_models)) if len(self._known_models) == 1 else ""
            note_dropped(connection, model, origin.host, origin.pid, self._untold)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and damage.inode(self._store) != self._inode:
            self.close()
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                raise ModeltapError("the store was unusable a moment ago")
            self._connection = connect(self._store, in_child=True, check=True)
            self._connection.execute(f"pragma synchronous = {self._synchronous}")
            self._inode = damage.inode(self._store)
            self._known_models.clear()
        return self._connection

    def _replaced(self, error: StoreDamaged, outcome: Outcome) -> bool:
        """Put a damaged store aside; False when that cannot be done either."""
        damaged = self._inode if self._connection is not None else damage.inode(self._store)
        self.close()
        try:
            aside = damage.put_aside(self._store, damaged)
        except OSError:
            return False
        if aside is not None:
            outcome.messages.append(
                f"the store {str(self._store)!r} is damaged ({error}); it was put aside as "
                f"{aside.name!r}, and a new one begun"
            )
            self._untold[damage.reason(aside)] += 0
        return True

    def _check_room(self) -> None:
        disk = os.statvfs(self._store.parent)
        free = disk.f_bavail * disk.f_frsize
        if free < min(_FREE_BYTES, _FREE_SHARE * disk.f_blocks * disk.f_frsize):
            raise _NoRoom(f"the disk of {str(self._store)!r} is nearly full")

    def _give_up(self, error: Exception, count: int, outcome: Outcome) -> None:
        """Let go of a store that cannot be used, for a while."""
        already_logged = time.monotonic() < self._retry_at
        self._lose(UNUSABLE, None if already_logged else error, count, outcome)
        if not already_logged:
            self._retry_at = time.monotonic() + _REOPEN_SECONDS
        self.close()

    def _lose(self, reason: str, error: Exception | None, count: int, outcome: Outcome) -> None:
        outcome.lost[reason] += count
        self._untold[reason] += count
        if error is not None:  # logged once by who reads it, however often it is said
            outcome.messages.append(f"exchanges are not recorded, the app serves on: {error}")


class _NoRoom(Exception):
    """The disk has less room than is left free."""


def _keep_settings(connection: sqlite3.Connection, model: str, origin: Origin) -> None:
    """Leave in the store what whoever analyses must know of a model seen for the first time."""
    own = origin.settings.for_model(model)
    said = msgspec.to_builtins({name: getattr(own, name) for name in ANALYSIS_OPTIONS})
    if parse_reference(own.reference).kind == "file":
        # Whoever analyses may stand in another folder.
        said["reference"] = str(Path(own.reference).absolute())
    said["webhooks"] = list(origin.webhooks)
    save_settings(connection, model, said)


def _is_busy(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
