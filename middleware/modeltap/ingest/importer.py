"""Import of log entries as exchanges, labels, and unmatched requests or responses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, groupby, repeat
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.config.settings import Settings
from modeltap.ingest.entry import Entry, Logged, TableBlock, Truth
from modeltap.ingest.files.table import Table
from modeltap.ingest.logged_rows import ExchangeRows
from modeltap.ingest.roles import Roles
from modeltap.ingest.table_rows import read_blocks
from modeltap.store import unmatched
from modeltap.store.connection import writing
from modeltap.store.exchanges import (
    ExchangeColumns,
    ExchangeRow,
    columns_of,
    has_exchange,
    insert_exchange_columns,
    known_exchanges,
)
from modeltap.store.label_moves import move_labels
from modeltap.store.label_targets import LabelTarget, find_target, find_targets
from modeltap.store.labels import (
    Label,
    early_labels,
    has_label_from,
    insert_labels,
    newest_label,
)
from modeltap.store.text import storable_text
from modeltap.store.unmatched import SideRow

_BATCH = 5000
_BATCH_BYTES = 16 * 1024 * 1024
"""Entries and bytes per transaction: bounds on memory, and on the time that other writers wait."""


@dataclass
class Imported:
    """The counts of an import; `repeated` entries were already stored and stay unchanged."""

    rows: int = 0
    """Stored exchanges, including those joined from a request and a response."""
    repeated: int = 0
    labels: int = 0
    waiting_labels: int = 0
    """Labels whose exchange is not stored yet."""
    unmatched: int = 0
    """New entries that were a single request or response."""
    completed: int = 0
    """Stored exchanges with one body that received the other."""
    waiting: int = 0
    """Requests and responses that are still unmatched."""
    unpaired: int = 0
    """Requests and responses stored without the other after the waiting time."""
    without_time: int = 0

    def anything(self) -> bool:
        """Return True if there was anything to import."""
        return bool(self.rows or self.repeated or self.labels or self.unmatched)


class _Caller(NamedTuple):
    """The identity of an exchange in its log, and the id that its caller gave it."""

    source: str
    key: str
    request_id: str | None


class _Batch(NamedTuple):
    """Exchanges that are stored together, by column; an optional column may be empty instead."""

    rows: ExchangeColumns
    times: Sequence[float | None]
    labels: Sequence[Any] = ()
    callers: Sequence[_Caller] = ()

    @classmethod
    def of_block(cls, block: TableBlock, rows: ExchangeColumns) -> _Batch:
        """Return the rows of a table."""
        keys = block.keys or repeat("")  # rows that are identified by their lines have no key
        callers = map(_Caller, repeat(block.source), keys, block.request_ids)
        return cls(rows, block.times, block.labels, list(callers))

    @classmethod
    def of_entries(cls, pairs: Sequence[tuple[Logged, ExchangeRow]]) -> _Batch:
        """Return entries with their rows."""
        return cls(
            columns_of([row for _, row in pairs]),
            [logged.time for logged, _ in pairs],
            [logged.label for logged, _ in pairs],
            [_Caller(logged.source, logged.key, logged.request_id) for logged, _ in pairs],
        )

    def chosen(self, chosen: Sequence[bool]) -> _Batch:
        """Return the exchanges for which `chosen`, (n,), is True."""
        columns = (list(compress(column, chosen)) for column in self[1:])
        return _Batch(self.rows.chosen(chosen), *columns)

    def at(self, place: int) -> _Batch:
        """Return one exchange."""
        part = slice(place, place + 1)
        own = {name: values[part] for name, values in self.rows.own.items()}
        rows = ExchangeColumns(own, self.rows.shared)
        return _Batch(rows, self.times[part], self.labels[part], self.callers[part])


class Importer:
    """Stores entries of one model; repeated entries add nothing."""

    def __init__(
        self, connection: sqlite3.Connection, settings: Settings, *, model: str, version: str = ""
    ) -> None:
        self._connection = connection
        self._model = storable_text(model)
        self._rows = ExchangeRows(settings, model=self._model, version=version)
        self.done = Imported()

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries in one transaction."""
        # Masking takes time and would keep other writers waiting, so it precedes the transaction.
        masked = list(map(self._masked, entries))
        with writing(self._connection):
            for kind, run in groupby(zip(entries, masked, strict=True), _kind_of):
                pairs: list[Any] = list(run)
                if kind is Truth:
                    self._add_truths([truth for truth, _ in pairs])
                elif kind is TableBlock:
                    for _, batch in pairs:
                        self._add_whole(batch)
                elif kind is Logged:
                    self._add_whole(_Batch.of_entries(pairs))
                else:
                    self._add_sides(pairs)

    def _masked(self, entry: Entry) -> _Batch | ExchangeRow | None:
        if isinstance(entry, TableBlock):
            return _Batch.of_block(entry, self._rows.columns(entry))
        return self._rows.row(entry) if isinstance(entry, Logged) else None

    def settle(self, *, all_of_them: bool = False) -> None:
        """Store unmatched entries of all models after the waiting time; count the remaining ones.

        With `all_of_them`, store all of them now.
        """
        settled = unmatched.settle(self._connection, all_of_them=all_of_them)
        self.done.unpaired += settled
        self.done.rows += settled
        self.done.waiting = unmatched.count(self._connection, self._model)

    def _add_whole(self, batch: _Batch) -> None:
        """Store exchanges that a log has in one entry."""
        newest = newest_label(self._connection) if batch.callers else 0
        waiting = list(map(self._waiting_key, batch.callers)) if newest else []
        early = set(early_labels(self._connection, filter(None, waiting), newest))
        if not early:
            self._insert(batch)
            return
        for place, (caller, id_) in enumerate(zip(batch.callers, waiting, strict=True)):
            # Which exchange gets a label depends on the exchanges that are stored before it.
            if self._insert(batch.at(place)) and id_ in early:
                self._adopt_labels(id_, storable_text(caller.request_id or ""))

    def _insert(self, batch: _Batch) -> int:
        """Store exchanges with their labels, except known exchanges; return their number."""
        ids = batch.rows.ids
        known = known_exchanges(self._connection, ids)
        new = batch
        if known or len(set(ids)) < len(ids):
            new = batch.chosen(_are_new(ids, known))
        insert_exchange_columns(self._connection, new.rows)
        labels = [
            Label(id_, 0, self._rows.label(label))
            for id_, label in zip(new.rows.ids, new.labels, strict=False)
            if label is not None
        ]
        self.done.labels += insert_labels(self._connection, labels, source="import")
        self.done.rows += len(new.rows.ids)
        self.done.repeated += len(ids) - len(new.rows.ids)
        self.done.without_time += new.times.count(None)
        return len(new.rows.ids)

    def _waiting_key(self, caller: _Caller) -> str:
        """Return the id under which a label with the caller's id waits; "" if it is the own id."""
        if not caller.request_id or caller.request_id == caller.key:
            return ""
        return self._rows.ids.of(caller.source, storable_text(caller.request_id))

    def _add_sides(self, pairs: Sequence[tuple[Logged, ExchangeRow]]) -> None:
        """Store requests and responses that the log has in separate entries."""
        sides = [SideRow(row, logged.side or "") for logged, row in pairs]
        outcomes = unmatched.match(self._connection, sides, clock.now())
        for (logged, _), outcome in zip(pairs, outcomes, strict=True):
            if outcome == "repeated":
                self.done.repeated += 1
                continue
            self.done.unmatched += 1
            self.done.rows += outcome == "paired"
            self.done.completed += outcome == "filled"
            # A matched entry without a time uses the time of its counterpart.
            self.done.without_time += logged.time is None and outcome == "waits"

    def _add_truths(self, truths: Sequence[Truth]) -> None:
        """Store labels of exchanges, each once; they wait if their exchange is not stored yet."""
        # An exchange is found by the log's own id, else by the caller's.
        own_ids = {
            storable_text(truth.id): self._rows.ids.of(truth.source, truth.id) for truth in truths
        }
        targets = find_targets(self._connection, own_ids, self._model)
        for truth in truths:
            self._add_truth(truth, targets[storable_text(truth.id)])

    def _add_truth(self, truth: Truth, target: LabelTarget) -> None:
        id_ = target.exchange_id or self._waiting_id(truth, target)
        source = f"{truth.source}:{truth.key}"
        if has_label_from(self._connection, id_, truth.row, source):
            self.done.repeated += 1
            return
        label = Label(id_, truth.row, self._rows.label(truth.value))
        insert_labels(self._connection, [label], source=source, model=self._model)
        self.done.labels += 1
        self.done.waiting_labels += target.exchange_id is None

    def _waiting_id(self, truth: Truth, target: LabelTarget) -> str:
        """Return the id under which a label waits for its exchange.

        It is the caller's id if any exchange has it, else the id that the exchange will have.
        """
        if target.waits or target.candidates:
            return storable_text(truth.id)
        return self._rows.ids.of(truth.source, truth.id)

    def _adopt_labels(self, waiting: str, request_id: str) -> None:
        """Move labels that came first to their exchange, or back to the caller's id."""
        if not has_exchange(self._connection, waiting):
            target = find_target(self._connection, request_id, self._model)
            move_labels(self._connection, waiting, target.exchange_id or request_id)


def _are_new(ids: Sequence[str], known: Iterable[str]) -> list[bool]:
    """Return whether each id is neither known nor a repetition."""
    seen = set(known)
    new = []
    for id_ in ids:
        new.append(id_ not in seen)
        seen.add(id_)
    return new


def _kind_of(masked: tuple[Entry, object]) -> type | str:
    """Return how an entry is stored: as exchanges, as a label, or with its other side."""
    entry = masked[0]
    return "side" if isinstance(entry, Logged) and entry.side is not None else type(entry)


def import_entries(importer: Importer, entries: Iterable[Entry]) -> Imported:
    """Store all `entries` in batches; return the counts."""
    for batch in _batches(entries):
        importer.add(batch)
    return importer.done


def import_table(
    connection: sqlite3.Connection,
    table: Table,
    roles: Roles,
    *,
    model: str,
    version: str = "",
    settings: Settings | None = None,
) -> Imported:
    """Store a table's rows as exchanges; without `settings`, mask them by the default settings."""
    importer = Importer(connection, settings or Settings(), model=model, version=version)
    return import_entries(importer, read_blocks(table, roles))


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    count = size = 0
    for entry in entries:
        batch.append(entry)
        count += len(entry) if isinstance(entry, TableBlock) else 1
        size += 0 if isinstance(entry, Truth) else entry.size()
        if count >= _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, count, size = [], 0, 0
    if batch:
        yield batch
