"""Import of log entries as exchanges, labels, and unmatched requests or responses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from modeltap import clock
from modeltap.config.settings import Settings
from modeltap.ingest.entry import Entry, Logged, Truth
from modeltap.ingest.files.table import Table
from modeltap.ingest.logged_rows import ExchangeRows
from modeltap.ingest.roles import Roles
from modeltap.ingest.table_rows import read_rows
from modeltap.store import unmatched
from modeltap.store.connection import writing
from modeltap.store.exchanges import (
    ExchangeRow,
    has_exchange,
    insert_exchanges,
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
        logged = [entry for entry in entries if isinstance(entry, Logged)]
        rows = iter(self._rows.rows(logged))
        with writing(self._connection):
            for kind, run in groupby(entries, _kind_of):
                if kind is Truth:
                    self._add_truths([cast(Truth, entry) for entry in run])
                    continue
                pairs = [(cast(Logged, entry), next(rows)) for entry in run]
                if kind is Logged:
                    self._add_whole(pairs)
                else:
                    self._add_sides(pairs)

    def settle(self, *, all_of_them: bool = False) -> None:
        """Store unmatched entries of all models after the waiting time; count the remaining ones.

        With `all_of_them`, store all of them now.
        """
        settled = unmatched.settle(self._connection, all_of_them=all_of_them)
        self.done.unpaired += settled
        self.done.rows += settled
        self.done.waiting = unmatched.count(self._connection, self._model)

    def _add_whole(self, whole: Sequence[tuple[Logged, ExchangeRow]]) -> None:
        """Store exchanges that the log has in one entry."""
        early = self._early(logged for logged, _ in whole)
        if not early:
            self._insert(whole)
            return
        for pair in whole:
            # Which exchange gets a label depends on the exchanges that are stored before it.
            waiting = self._waiting_key(pair[0])
            if self._insert([pair]) and waiting in early:
                self._adopt_labels(waiting, storable_text(pair[0].request_id or ""))

    def _insert(self, whole: Sequence[tuple[Logged, ExchangeRow]]) -> int:
        """Store exchanges with their labels, except known exchanges; return their number."""
        known = known_exchanges(self._connection, [row.id for _, row in whole])
        new: dict[str, tuple[Logged, ExchangeRow]] = {}
        for logged, row in whole:
            if row.id not in known:
                new.setdefault(row.id, (logged, row))
        insert_exchanges(self._connection, [row for _, row in new.values()])
        labels = [
            Label(id_, 0, self._rows.label(logged.label))
            for id_, (logged, _) in new.items()
            if logged.label is not None
        ]
        self.done.labels += insert_labels(self._connection, labels, source="import")
        self.done.rows += len(new)
        self.done.repeated += len(whole) - len(new)
        self.done.without_time += sum(logged.time is None for logged, _ in new.values())
        return len(new)

    def _early(self, entries: Iterable[Logged]) -> set[str]:
        """Return the ids under which labels wait for one of these exchanges."""
        newest = newest_label(self._connection)
        if not newest:
            return set()
        ids = map(self._waiting_key, entries)
        return set(early_labels(self._connection, filter(None, ids), newest))

    def _waiting_key(self, logged: Logged) -> str:
        """Return the id under which a label with the caller's id waits; "" if it is the own id."""
        if not logged.request_id or logged.request_id == logged.key:
            return ""
        return self._rows.id_of(logged.source, storable_text(logged.request_id))

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
            storable_text(truth.id): self._rows.id_of(truth.source, truth.id) for truth in truths
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
        return self._rows.id_of(truth.source, truth.id)

    def _adopt_labels(self, waiting: str, request_id: str) -> None:
        """Move labels that came first to their exchange, or back to the caller's id."""
        if not has_exchange(self._connection, waiting):
            target = find_target(self._connection, request_id, self._model)
            move_labels(self._connection, waiting, target.exchange_id or request_id)


def _kind_of(entry: Entry) -> type | str:
    """Return how an entry is stored: as an exchange, as a label, or with its other side."""
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
    return import_entries(importer, read_rows(table, roles))


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += entry.size() if isinstance(entry, Logged) else 0
        if len(batch) >= _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
