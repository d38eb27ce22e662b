"""Writing of batches of exchanges into one store."""

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
from modeltap.config.validation import parse_mode
from modeltap.errors import ModeltapError, StoreDamaged
from modeltap.store import damage
from modeltap.store.connection import connect, synchronize, writing
from modeltap.store.dropped import record_dropped
from modeltap.store.exchanges import CapturedRow, insert_captured
from modeltap.store.settings import save_settings
from modeltap.writer.protocol import NO_ROOM, UNUSABLE
from modeltap.writer.records import Origin, unpack
from modeltap.writer.row_masker import RowMasker

_REOPEN_SECONDS = 5.0
"""The retry interval for an unusable store, so that not every batch tries to open it."""

_FREE_BYTES = 64 * 1024 * 1024
_FREE_FRACTION = 0.05
"""The free disk space, or fraction of a small disk, below which nothing is written. On a full disk
SQLite cannot even delete."""


_ROWS_PER_TURN = 8
_TURNS_SECONDS = 0.01
"""On a busy core, the app may run after every 8 rows (0.1 ms), so that its requests do not wait
until a whole batch is masked. This ends after 0.01 s, because the buffer fills meanwhile."""


_OF_VALUES = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    OverflowError,
    UnicodeEncodeError,
)
"""Errors about a value, which an app may have put into a message: a status of any type or size."""


class BatchResult(msgspec.Struct):
    """The result of a batch: counts of exchanges, and messages to log."""

    written: int = 0
    failed: int = 0
    """Exchanges that could not be converted to rows."""
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    """Lost exchanges by reason."""
    messages: list[str] = []


class BatchWriter:
    """Writes to one store; waits while its lock is held, and gives up on other errors.

    A deleted or replaced store is opened again; a damaged one is moved aside.

    Args:
        may_wait: returns True as long as a batch may wait for the lock.
    """

    def __init__(self, store: Path, may_wait: Callable[[], bool]) -> None:
        self._store = store
        self._may_wait = may_wait
        self._maskers: list[RowMasker] = []
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._with_disk = False
        self._retry_at = 0.0
        self._unreported: Counter[str] = Counter()  # losses that are not yet in the store
        self._known_models: set[str] = set()
        self._notes: list[str] = []  # messages about the store's files, to be logged

    def add_origin(self, origin: Origin) -> None:
        """Add the next origin; origins are numbered from 0."""
        self._maskers.append(RowMasker(origin))
        if origin.settings.durability == "power":
            self._with_disk = True
            self.close()

    def write(self, batch: Sequence[bytes], losses: Mapping[str, int]) -> BatchResult:
        """Write `batch` in one transaction, together with the `losses` before it."""
        result = BatchResult()
        rows, models = self._rows(batch, result)
        self._unreported.update(losses)
        self._write_rows(rows, models, result)
        result.messages += self._notes
        self._notes.clear()
        return result

    def _write_rows(
        self, rows: list[CapturedRow], models: Mapping[str, Origin], result: BatchResult
    ) -> None:
        while True:
            try:
                self._write_once(rows, models)
                result.written += len(rows)
            except StoreDamaged as error:
                if self._move_aside(error, result):
                    continue
                self._give_up(error, len(rows), result)
            except _NoRoom as error:
                self._count_lost(NO_ROOM, error, len(rows), result)
            except _OF_VALUES as error:
                self._write_others(rows, models, error, result)
            except Exception as error:
                # SQLite has already waited for its busy timeout; the recorder's queue is bounded.
                if (_is_busy(error) or _is_busy(error.__cause__)) and self._may_wait():
                    continue
                self._give_up(error, len(rows), result)
            return

    def _write_others(
        self,
        rows: list[CapturedRow],
        models: Mapping[str, Origin],
        error: Exception,
        result: BatchResult,
    ) -> None:
        """Write all rows except those with a value that SQLite refuses, which have failed."""
        if len(rows) <= 1:
            self._count_failed(len(rows), error, result)
            return
        middle = len(rows) // 2
        for part in (rows[:middle], rows[middle:]):
            own = {row.whole().model for row in part}
            self._write_rows(
                part, {model: origin for model, origin in models.items() if model in own}, result
            )

    def _count_failed(self, count: int, error: Exception, result: BatchResult) -> None:
        result.failed += count
        if result.failed == count:
            result.messages.append(f"an exchange could not be recorded: {error!r}")

    def close(self) -> None:
        """Close the store; the next `write` opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(
        self, batch: Sequence[bytes], result: BatchResult
    ) -> tuple[list[CapturedRow], dict[str, Origin]]:
        """Return the rows of a batch, and the origin of each new model."""
        rows = []
        new = {}
        turns_until = time.monotonic() + _TURNS_SECONDS
        for place, packed in enumerate(batch):
            if place % _ROWS_PER_TURN == 0 and time.monotonic() < turns_until:
                os.sched_yield()
            try:
                record = unpack(packed)
                masker = self._maskers[record.origin]
                row = masker.captured(record)
            except Exception as error:  # an invalid exchange must not affect the others
                self._count_failed(1, error, result)
                continue
            rows.append(row)
            if record.model not in self._known_models:
                new[record.model] = masker.origin
        for masker in self._maskers:
            result.messages += masker.messages()
        return rows, new

    def _write_once(self, rows: list[CapturedRow], models: Mapping[str, Origin]) -> None:
        self._check_room()
        connection = self._open()
        try:
            with writing(connection):
                insert_captured(connection, rows)
                for model, origin in models.items():
                    _store_settings(connection, model, origin)
                self._write_losses(connection)
        except sqlite3.DatabaseError as error:
            if damage.is_damage(error):
                raise StoreDamaged(str(error)) from error
            raise
        self._known_models.update(models)
        self._unreported.clear()

    def _write_losses(self, connection: sqlite3.Connection) -> None:
        if self._unreported:
            origin = self._maskers[0].origin
            # Most processes serve one model; with several the model of lost exchanges is unknown.
            model = next(iter(self._known_models)) if len(self._known_models) == 1 else ""
            record_dropped(
                connection,
                model,
                origin.host,
                origin.pid,
                self._unreported,
                environment=self._environment(),
            )

    def _environment(self) -> str | None:
        """Return the environment of the app's exchanges; None if its taps have several."""
        environments = {masker.origin.settings.environment or "" for masker in self._maskers}
        return environments.pop() if len(environments) == 1 else None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and damage.inode(self._store) != self._inode:
            self.close()
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                raise ModeltapError(f"the store was unusable in the last {_REOPEN_SECONDS:.0f} s")
            self._connection = connect(
                self._store, in_child=True, check=True, mode=self._mode(), log=self._notes.append
            )
            synchronize(self._connection, with_disk=self._with_disk)
            self._inode = damage.inode(self._store)
            self._known_models.clear()
        return self._connection

    def _mode(self) -> int:
        """Return the mode of the store's files: the most restrictive of all origins."""
        return min(parse_mode(masker.origin.settings.store_mode) for masker in self._maskers)

    def _move_aside(self, error: StoreDamaged, result: BatchResult) -> bool:
        """Move a damaged store aside; return False if that fails, too."""
        damaged = self._inode if self._connection is not None else damage.inode(self._store)
        self.close()
        try:
            aside = damage.move_aside(self._store, damaged)
        except OSError:
            return False
        if aside is not None:
            result.messages.append(
                f"store {str(self._store)!r} was damaged ({error}); it was moved to "
                f"{aside.name!r} and a new store was started"
            )
            self._unreported[damage.reason(aside)] += 0
        return True

    def _check_room(self) -> None:
        disk = os.statvfs(self._store.parent)
        free = disk.f_bavail * disk.f_frsize
        if free < min(_FREE_BYTES, _FREE_FRACTION * disk.f_blocks * disk.f_frsize):
            raise _NoRoom(
                f"the disk that holds store {str(self._store)!r} is nearly full; free some space"
            )

    def _give_up(self, error: Exception, count: int, result: BatchResult) -> None:
        """Close an unusable store until the next retry."""
        already_logged = time.monotonic() < self._retry_at
        self._count_lost(UNUSABLE, None if already_logged else error, count, result)
        if not already_logged:
            self._retry_at = time.monotonic() + _REOPEN_SECONDS
        self.close()

    def _count_lost(
        self, reason: str, error: Exception | None, count: int, result: BatchResult
    ) -> None:
        result.lost[reason] += count
        self._unreported[reason] += count
        if error is not None:  # the recorder logs equal messages once
            result.messages.append(
                f"exchanges are not recorded, but the app keeps serving: {error}"
            )


class _NoRoom(Exception):
    """The disk has less free space than required."""


def _store_settings(connection: sqlite3.Connection, model: str, origin: Origin) -> None:
    """Save the settings of a new model for the analysis."""
    effective = origin.settings.for_model(model)
    settings = msgspec.to_builtins({name: getattr(effective, name) for name in ANALYSIS_OPTIONS})
    if parse_reference(effective.reference).kind == "file":
        # The analysis may run in another folder.
        settings["reference"] = str(Path(effective.reference).absolute())
    settings["webhooks"] = list(origin.webhooks)
    save_settings(connection, model, settings)


def _is_busy(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
