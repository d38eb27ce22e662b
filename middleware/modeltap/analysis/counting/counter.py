"""Counting of new exchanges into windows; counts and watermark change in one transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from operator import add, attrgetter

import numpy as np

from modeltap import clock
from modeltap.analysis.counting.kept_batches import KeptBatches
from modeltap.analysis.counting.tally import Tally, tally
from modeltap.analysis.counting.traffic import (
    add_traffic,
    count_requests,
    only_traffic,
    record_requests,
)
from modeltap.analysis.counting.true_times import bound_times, without_rejected
from modeltap.analysis.counting.window_starts import by_window, cut_of, end_of
from modeltap.analysis.model.reference import Reference
from modeltap.config.windows import AUTO, Window
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.output_tokens import token_counts_in
from modeltap.decoding.outputs import storable_outputs
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.shortfalls import count_shortfalls
from modeltap.decoding.times import parse_times
from modeltap.environments import environment_of, version_of
from modeltap.errors import BusyError
from modeltap.store import windows as stored
from modeltap.store.decode_notes import save_decode_notes
from modeltap.store.due_windows import DueWindow, record_due
from modeltap.store.label_targets import join_labels
from modeltap.store.labels import early_labels, record_early_days
from modeltap.store.lease import TAKEN_OVER, Lease
from modeltap.store.models import ModelVersion, record_model
from modeltap.store.predictions import LAST, StoredRow, insert_predictions
from modeltap.store.references import active_references
from modeltap.store.settings import SettingsReader
from modeltap.store.shortfalls import CoverageHour, add_shortfalls
from modeltap.store.stored_exchanges import (
    StoredExchange,
    are_alike,
    column_of,
    exchanges_after,
    exchanges_by_id,
    exchanges_of_version,
    save_protocol_ids,
)
from modeltap.store.token_counts import insert_token_counts
from modeltap.store.versions import record_versions
from modeltap.store.watermarks import LABELS, SEEN, advance, watermark
from modeltap.store.windows import CountedWindow, Series

CHUNK = 4096
"""Exchanges per transaction: a few megabytes of bodies, a tenth of a second."""

_HOUR = Window("seconds", 3600)

_OF_MODEL = ("model", "version", "environment")
_of_model = attrgetter(*_OF_MODEL)

OnProgress = Callable[[], None]

_Decoded = tuple[list[StoredExchange], Batch]
"""Exchanges and the rows in them."""


def do_nothing() -> None:
    """Do nothing after a unit of work."""


@dataclass
class WindowCounter:
    """Counts the new exchanges of a store, by each model's settings."""

    connection: sqlite3.Connection
    settings: SettingsReader
    lease: Lease
    """Checked in each transaction; without it nothing is written."""

    on_progress: OnProgress = do_nothing
    """Called after each unit of work, outside any transaction."""

    def __post_init__(self) -> None:
        self._decoders = Decoders()
        self._kept = KeptBatches()

    def series(self, reference: Reference) -> Series:
        """Return the windows that a reference's rows are currently counted into."""
        window = Window.parse(self.settings.for_model(reference.model).window)
        return Series(reference.model, reference.version, reference.id, window.text)

    def series_of(self, reference: Reference) -> list[Series]:
        """Return these windows, then those in which drift is evaluated if they differ."""
        own, option = self.series(reference), self.settings.for_model(reference.model).window
        wanted = reference.drift_window if option.strip() == AUTO else ""
        return [own] if wanted in ("", own.window) else [own, replace(own, window=wanted)]

    def count_new(self) -> int:
        """Count all exchanges that arrived since the last call; return their number."""
        total = 0
        while True:
            before = watermark(self.connection, SEEN)
            chunk = exchanges_after(self.connection, before, CHUNK)
            if not chunk:
                return total
            self._take(chunk, before)
            total += len(chunk)
            self.on_progress()

    def recount(self, reference: Reference) -> None:
        """Count earlier exchanges under a new reference, or into other windows."""
        for series in self.series_of(reference):
            self._recount(reference, series)

    def _recount(self, reference: Reference, series: Series) -> None:
        name, seen = series.counted, watermark(self.connection, SEEN)
        if Window.parse(series.window).kind == "rows":
            # Row windows are cut from stored rows, not counted on arrival.
            if (before := watermark(self.connection, name)) < seen:
                with self.fenced(name, before, seen):
                    pass
            return
        if not watermark(self.connection, name):
            self._sum_shorter(reference, series)
        while (before := watermark(self.connection, name)) < seen:
            after, batch = self._counted_before(reference, before, seen)
            batch = without_rejected(self.connection, reference.model, batch)
            with self.fenced(name, before, after):
                self._add_windows(reference, series, batch)
            self.on_progress()

    def _counted_before(self, reference: Reference, before: int, seen: int) -> tuple[int, Batch]:
        """Return the next rows after the exchange `before`, and the last exchange of them."""
        of = ModelVersion(reference.model, reference.version)
        kept = self._kept.following(of, before)
        if kept is not None and kept.before == before:
            return kept.after, kept.batch
        until = seen if kept is None else kept.before
        per_version = self.settings.for_model(reference.model).per_version
        chunk = exchanges_of_version(
            self.connection,
            reference.model,
            version_of(reference.version) if per_version else None,
            environment_of(reference.version) or "",
            before,
            until,
            CHUNK,
        )
        after = until if chunk.is_last else chunk[-1].seq
        return after, self._read(reference.model, chunk)

    def read_rows(self, model: str, exchange_ids: Iterable[str]) -> Batch:
        """Decode the exchanges with these ids again."""
        return self._read(model, exchanges_by_id(self.connection, exchange_ids))

    def read_picked(self, model: str, picked: Iterable[StoredRow]) -> Batch:
        """Return stored rows whose exchanges still exist, in order: kept ones, or decoded again."""
        picked = list(picked)
        if (kept := self._kept.picked(model, picked)) is not None:
            return kept
        places = {(row.exchange_id, row.row): place for place, row in enumerate(picked)}
        batch = self.read_rows(model, dict.fromkeys(exchange_id for exchange_id, _ in places))
        keys = zip(batch.ids, batch.row_numbers, strict=True)
        positions = {places[key]: at for at, key in enumerate(keys) if key in places}
        return batch.picked([positions[place] for place in sorted(positions)])

    @contextmanager
    def fenced(self, name: str, before: int, after: int) -> Iterator[None]:
        """Open a transaction that moves the watermark `name`; roll back if another process moved
        it."""
        with self.lease.transaction():
            if not advance(self.connection, name, before, after):
                raise BusyError(TAKEN_OVER)
            yield

    def _read(self, model: str, exchanges: list[StoredExchange]) -> Batch:
        return read(exchanges, self.settings.for_model(model), self._decoders, self.connection)

    def _take(self, chunk: list[StoredExchange], before: int) -> None:
        groups, after = self._by_version(chunk), chunk[-1].seq
        work = {
            key: (exchanges, self._read(key.model, exchanges)) for key, exchanges in groups.items()
        }
        self._keep(work, before, after)
        with self.fenced(SEEN, before, after):
            self._add_notes(before, after, [batch for _, batch in work.values()])
            parts = self._add_rows(work)
            join_labels(self.connection, (exchange.id for exchange in chunk))
            for row in active_references(self.connection):
                reference = Reference.from_json(row.payload)
                for series in self.series_of(reference):
                    # A new series that has not counted earlier rows counts all of them later.
                    if advance(self.connection, series.counted, before, after):
                        for part in parts.get(ModelVersion(row.model, row.version), []):
                            self._add_windows(reference, series, part)

    def _by_version(self, chunk: list[StoredExchange]) -> dict[ModelVersion, list[StoredExchange]]:
        if are_alike(chunk, *_OF_MODEL):
            return {self._analyzed(*_of_model(chunk[0])): chunk}
        own = list(map(_of_model, chunk))
        analyzed = {key: self._analyzed(*key) for key in dict.fromkeys(own)}
        groups: dict[ModelVersion, list[StoredExchange]] = {}
        for key, exchange in zip(own, chunk, strict=True):
            groups.setdefault(analyzed[key], []).append(exchange)
        return groups

    def _analyzed(self, model: str, version: str, environment: str | None) -> ModelVersion:
        own = self.settings.for_model(model)
        return ModelVersion(model, own.analyzed_version(version, environment))

    def _keep(self, work: Mapping[ModelVersion, _Decoded], before: int, after: int) -> None:
        """Keep rows that this pass needs again: for row windows, or a reference to be learnt."""
        references = active_references(self.connection)
        learnt = {(row.model, row.version) for row in references if row.state == "active"}
        self._kept.begin(before)
        for key, (_, batch) in work.items():
            window = Window.parse(self.settings.for_model(key.model).window)
            if key not in learnt or window.kind == "rows":
                self._kept.add(key, after, batch)

    def _add_rows(self, work: Mapping[ModelVersion, _Decoded]) -> dict[ModelVersion, list[Batch]]:
        """Add rows to everything except windows; return the rows to count into windows.

        These include earlier rows whose event times have turned out to be plausible.
        """
        restored: dict[ModelVersion, list[StoredRow]] = {}
        for key, (exchanges, batch) in work.items():
            record_model(self.connection, *key)
            record_versions(self.connection, exchanges)
            self._add_shortfalls(*key, exchanges, batch)
            for late in bound_times(self.connection, *key, batch):
                row = StoredRow(late.exchange_id, late.row, late.event_time or "", 0)
                restored.setdefault(ModelVersion(late.model, late.version), []).append(row)
            self._add_predictions(*key, batch)
            self._add_traffic(*key, exchanges, batch)
        parts = {
            key: [without_rejected(self.connection, key.model, batch)]
            for key, (_, batch) in work.items()
        }
        for key, rows in restored.items():
            parts.setdefault(key, []).append(self.read_picked(key.model, rows))
        return parts

    def _add_shortfalls(
        self, model: str, version: str, exchanges: list[StoredExchange], batch: Batch
    ) -> None:
        """Count the shortfalls of exchanges, before implausible event times are removed."""
        hour = clock.iso(_HOUR.start(time.time()))
        counts = count_shortfalls(exchanges, batch, self.settings.for_model(model))
        of = CoverageHour(model, environment_of(version) or "", hour)
        add_shortfalls(self.connection, of, counts.items())

    def _add_predictions(self, model: str, version: str, batch: Batch) -> None:
        chances: list[str | None] = []
        if any(batch.probabilities):
            chances = [json.dumps(values) if values else None for values in batch.probabilities]
        insert_predictions(
            self.connection,
            model,
            version,
            exchange_ids=batch.ids,
            rows=batch.row_numbers,
            predictions=storable_outputs(batch.predictions),
            scores=batch.scores,
            probabilities=chances,
            event_times=batch.time_texts,
            seqs=batch.seqs,
        )
        insert_token_counts(self.connection, token_counts_in(batch))
        window = Window.parse(self.settings.for_model(model).window)
        times = dict(zip(batch.ids, batch.time_texts, strict=True))
        note_early(self.connection, model, version, window, times)

    def _add_notes(self, before: int, after: int, batches: Sequence[Batch]) -> None:
        """Store the decode notes of all exchanges after `before`, up to `after`."""
        notes = {seq: note for batch in batches for seq, note in batch.notes.items()}
        save_decode_notes(self.connection, before, after, notes)
        save_protocol_ids(
            self.connection, (pair for batch in batches for pair in batch.protocol_ids.items())
        )

    def _add_traffic(
        self, model: str, version: str, exchanges: list[StoredExchange], batch: Batch
    ) -> None:
        window = Window.parse(self.settings.for_model(model).window).clocked
        timed = only_traffic(exchanges)
        began = column_of(timed, "started_at")
        record_requests(self.connection, model, began, environment_of(version))
        for start, positions in by_window(parse_times(began), window):
            members = timed if len(positions) == len(timed) else [timed[i] for i in positions]
            counted = count_requests(members, batch)
            add_traffic(self.connection, model, version, window, start, counted)

    def _add_windows(self, reference: Reference, series: Series, batch: Batch) -> None:
        window = Window.parse(series.window)
        moments = np.array(batch.times, dtype=np.float64)
        if window.kind == "rows":
            groups = late_rows(self.connection, series, moments)
        else:
            cut = cut_of(reference)
            groups = ((clock.iso(start), rows) for start, rows in by_window(moments, window, cut))
        for start, positions in groups:
            part = batch if len(positions) == len(batch.rows) else batch.picked(positions)
            merge(self.connection, reference, series, start, part)

    def _sum_shorter(self, reference: Reference, series: Series) -> None:
        """Sum these windows from shorter ones that were counted before, if they fit."""
        window = Window.parse(series.window)
        fitting = [
            length
            for text in stored.lengths(self.connection, series)
            if window.sums(length := Window.parse(text))
        ]
        if not fitting:
            return
        cut = cut_of(reference)
        shorter = replace(series, window=max(fitting, key=lambda length: length.size).text)
        groups: dict[float, list[CountedWindow]] = {}
        for row in stored.all_windows(self.connection, shorter):
            moment = clock.parse(row.window_start) or 0.0
            start = window.start(moment)
            if cut is not None and start < cut <= moment:
                start = cut
            groups.setdefault(start, []).append(row)
        with self.fenced(series.counted, 0, watermark(self.connection, shorter.counted)):
            for start, rows in groups.items():
                joined = CountedWindow(
                    clock.iso(start),
                    end_of(reference, series, clock.iso(start)),
                    min(row.first_event for row in rows),
                    max(row.last_event for row in rows),
                    total(rows).pack(),
                )
                stored.put_window(self.connection, series, joined)


def total(windows: Iterable[CountedWindow]) -> Tally:
    """Return the sum of one or more stored windows."""
    return reduce(add, (Tally.unpack(window.tally) for window in windows))


def merge(
    connection: sqlite3.Connection, reference: Reference, series: Series, start: str, part: Batch
) -> None:
    """Count rows into the window that starts at `start`, inside the caller's transaction."""
    counted = count_batch(part, reference)
    first, last = clock.iso(min(part.times)), clock.iso(max(part.times))
    old = stored.get_window(connection, series, start)
    if old is None:
        window = CountedWindow(start, end_of(reference, series, start), first, last, counted.pack())
    else:
        window = old._replace(
            # Rows may arrive late, so a row window ends with its last row.
            window_end=max(last, old.window_end),
            first_event=min(first, old.first_event),
            last_event=max(last, old.last_event),
            tally=(counted + Tally.unpack(old.tally)).pack(),
        )
    stored.put_window(connection, series, window)


def count_batch(batch: Batch, reference: Reference) -> Tally:
    """Count a batch's rows."""
    return tally(batch.columns(reference.by_name), len(batch.rows), reference, times=batch.times)


def note_early(
    connection: sqlite3.Connection,
    model: str,
    version: str,
    window: Window,
    times: Mapping[str, str | None],
) -> None:
    """Note the windows of rows whose labels arrived first, in the transaction that adds them.

    Args:
        times: each exchange's event time. Row windows are noted when they are cut.
    """
    newest = watermark(connection, LABELS)
    early = early_labels(connection, times, newest)
    if not early:
        return
    record_early_days(connection, early, newest)
    if window.kind != "rows":
        starts = {window.start(clock.parse(time) or 0.0) for time in map(times.get, early) if time}
        due = [DueWindow(model, version, window.text, clock.iso(start)) for start in starts]
        record_due(connection, due, newest)


def late_rows(
    connection: sqlite3.Connection, series: Series, moments: np.ndarray
) -> Iterator[tuple[str, list[int]]]:
    """Yield each row window that is already cut, with the positions of (n,) late times in it.

    Rows after the newest window are not cut yet.
    """
    newest = stored.window_at(connection, series, LAST[0])
    if newest is None:
        return
    late: dict[str, list[int]] = {}
    end = clock.parse(newest.last_event) or 0.0
    for position in np.flatnonzero(moments < end).tolist():
        window = stored.window_at(connection, series, clock.iso(moments[position]))
        if window is not None:
            late.setdefault(window.window_start, []).append(position)
    yield from late.items()
