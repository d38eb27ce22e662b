"""Counting what is new into windows, once: counts and watermark move in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import TypeVar

import numpy as np

from modeltap import clock
from modeltap.analysis import counts
from modeltap.analysis.operations import Traffic, count_latency
from modeltap.analysis.reading import COLUMNS, Batch, read
from modeltap.analysis.reference import Reference
from modeltap.analysis.times import parse_times, write_times
from modeltap.config import Settings, parse_window
from modeltap.decode import Decoders
from modeltap.errors import BusyError
from modeltap.store.connection import writing
from modeltap.store.progress import advance, note_model, progress
from modeltap.store.references import active_references

CHUNK = 4096
"""Exchanges of one transaction: a few megabytes of bodies, a tenth of a second."""

_IDS_A_QUERY = 500
"""SQLite takes 999 parameters at least."""

SEEN = "seen"
SettingsOf = Callable[[str], Settings]
MONDAY = 4 * 86_400.0
"""The Unix epoch was a Thursday; windows of whole weeks start on Mondays."""


@dataclass
class Counter:
    """Counts what is new in one store; `settings_of` tells each model's options."""

    connection: sqlite3.Connection
    settings_of: SettingsOf
    fence: Callable[[], bool]
    """Asked inside each transaction; False means that another took over, and nothing is written."""

    def __post_init__(self) -> None:
        self._decoders = Decoders()

    def count_new(self) -> int:
        """Count all exchanges that came since the last time; return how many."""
        total = 0
        while True:
            before = progress(self.connection, SEEN)
            chunk = self.connection.execute(
                f"select {COLUMNS} from exchanges where seq > ? order by seq limit ?",
                (before, CHUNK),
            ).fetchall()
            if not chunk:
                return total
            self._take(chunk, before)
            total += len(chunk)

    def recount(self, reference: Reference) -> None:
        """Count under a new reference what was seen before it was there."""
        name, seen = f"counted:{reference.id}", progress(self.connection, SEEN)
        settings = self.settings_of(reference.model)
        while (before := progress(self.connection, name)) < seen:
            chunk = self.connection.execute(
                f"select {COLUMNS} from exchanges where seq > ? and seq <= ? and model = ? "
                "and version = ? order by seq limit ?",
                (before, seen, reference.model, reference.version, CHUNK),
            ).fetchall()
            after = chunk[-1]["seq"] if len(chunk) == CHUNK else seen
            batch = read(chunk, settings, self._decoders)
            with self._fenced(name, before, after):
                self._add_windows(reference, chunk, batch)

    def read_rows(self, model: str, exchange_ids: Iterable[str]) -> Batch:
        """Decode the exchanges with these ids again."""
        wanted, found = list(exchange_ids), []
        for start in range(0, len(wanted), _IDS_A_QUERY):
            ids = wanted[start : start + _IDS_A_QUERY]
            found += self.connection.execute(
                f"select {COLUMNS} from exchanges where id in ({','.join('?' * len(ids))}) "
                "order by seq",
                ids,
            ).fetchall()
        return read(found, self.settings_of(model), self._decoders)

    def _take(self, chunk: list[sqlite3.Row], before: int) -> None:
        groups: dict[tuple[str, str], list[sqlite3.Row]] = {}
        for exchange in chunk:
            groups.setdefault((exchange["model"], exchange["version"]), []).append(exchange)
        after = chunk[-1]["seq"]
        work = {
            key: (exchanges, read(exchanges, self.settings_of(key[0]), self._decoders))
            for key, exchanges in groups.items()
        }
        with self._fenced(SEEN, before, after):
            self._add_notes(before, after, [batch for _, batch in work.values()])
            for (model, version), (exchanges, batch) in work.items():
                note_model(self.connection, model, version)
                self._add_predictions(model, version, batch)
                self._add_traffic(model, version, exchanges, batch)
            for row in active_references(self.connection):
                # One that is new, and has not counted what came before, counts it all later.
                if advance(self.connection, f"counted:{row['id']}", before, after):
                    taken = work.get((row["model"], row["version"]))
                    if taken is not None:
                        self._add_windows(Reference.from_json(row["payload"]), *taken)

    def _fenced(self, name: str, before: int, after: int) -> _Fenced:
        return _Fenced(self, name, before, after)

    def _add_predictions(self, model: str, version: str, batch: Batch) -> None:
        chances = [json.dumps(one) if one else None for one in batch.probabilities]
        self.connection.executemany(
            "insert or replace into predictions (exchange_id, row, model, version, prediction, "
            "score, probabilities, event_time) values (?, ?, ?, ?, ?, ?, ?, ?)",
            zip(
                batch.ids, batch.row_numbers, repeat(model), repeat(version),
                map(_storable, batch.predictions), batch.scores, chances,
                write_times(np.array(batch.times, dtype=np.float64)), strict=False,
            ),
        )  # fmt: skip

    def _add_notes(self, before: int, after: int, batches: Iterable[Batch]) -> None:
        """Note of each exchange after `before` and up to `after` what was found in it."""
        notes = {seq: note for batch in batches for seq, note in batch.notes.items()}
        # Most have the same, and one statement writes it twice as fast as one for each.
        usual = Counts(notes.values()).most_common(1)[0][0]
        self.connection.execute(
            "update exchanges set decoded = ?, decode_note = ? where seq > ? and seq <= ?",
            (*usual, before, after),
        )
        self.connection.executemany(
            "update exchanges set decoded = ?, decode_note = ? where seq = ?",
            ((*note, seq) for seq, note in notes.items() if note != usual),
        )

    def _add_traffic(
        self, model: str, version: str, exchanges: list[sqlite3.Row], batch: Batch
    ) -> None:
        length = parse_window(self.settings_of(model).window)
        timed = [exchange for exchange in exchanges if exchange["duration_ms"] is not None]
        moments = parse_times([exchange["started_at"] for exchange in timed])
        for start, positions in _by_window(moments, length):
            members = timed if len(positions) == len(timed) else [timed[i] for i in positions]
            self._merge_traffic(model, version, start, length, _traffic(members, batch))

    def _merge_traffic(
        self, model: str, version: str, start: float, length: float, new: Traffic
    ) -> None:
        key = (model, version, clock.iso(start))
        old = self.connection.execute(
            "select * from traffic where model = ? and version = ? and window_start = ?", key
        ).fetchone()
        total = new if old is None else new + traffic_of(old)
        self.connection.execute(
            "insert or replace into traffic (model, version, window_start, window_end, requests, "
            "errors, client_errors, aborted, not_decoded, latency) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, clock.iso(start + length), total.requests, total.errors, total.client_errors,
             total.aborted, total.not_decoded, counts.pack(total.latency)),
        )  # fmt: skip

    def _add_windows(
        self, reference: Reference, exchanges: list[sqlite3.Row], batch: Batch
    ) -> None:
        length = parse_window(self.settings_of(reference.model).window)
        first_seq = exchanges[0]["seq"] if exchanges else 0
        for start, positions in _by_window(np.array(batch.times, dtype=np.float64), length):
            part = batch if len(positions) == len(batch.rows) else batch.picked(positions)
            counted = counts.count(part.columns(), len(positions), reference)
            self._merge_window(reference, start, length, counted, part, first_seq)

    def _merge_window(
        self, reference: Reference, start: float, length: float, counted: np.ndarray, part: Batch,
        first_seq: int,
    ) -> None:  # fmt: skip
        key = (reference.model, reference.version, reference.id, clock.iso(start))
        old = self.connection.execute(
            "select rows, first_event, last_event, first_seq, counts from windows where model = ? "
            "and version = ? and reference_id = ? and window_start = ?", key
        ).fetchone()  # fmt: skip
        rows, first, last = len(part.times), clock.iso(min(part.times)), clock.iso(max(part.times))
        if old is not None:
            counted = counted + counts.unpack(old["counts"])
            rows += old["rows"]
            first, last = min(first, old["first_event"]), max(last, old["last_event"])
            first_seq = min(first_seq, old["first_seq"])
        self.connection.execute(
            "insert or replace into windows (model, version, reference_id, window_start, "
            "window_end, rows, first_event, last_event, first_seq, counts) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, clock.iso(start + length), rows, first, last, first_seq, counts.pack(counted)),
        )


class _Fenced:
    """A write transaction that moves a watermark, and is nothing if somebody else moved it."""

    def __init__(self, counter: Counter, name: str, before: int, after: int) -> None:
        self._counter = counter
        self._name, self._before, self._after = name, before, after
        self._transaction = writing(counter.connection)

    def __enter__(self) -> None:
        self._transaction.__enter__()
        moved = self._counter.fence() and advance(
            self._counter.connection, self._name, self._before, self._after
        )
        if not moved:
            self._counter.connection.execute("rollback")
            raise BusyError("another analysis took over; nothing was counted twice, run it again")

    def __exit__(self, *error: object) -> bool | None:
        return self._transaction.__exit__(*error)  # type: ignore[arg-type]


Moment = TypeVar("Moment", float, np.ndarray)


def window_start(moment: Moment, length: float) -> Moment:
    """Return the start of the half-open window that `moment` (Unix seconds, or an array) lies in.

    Aligned to the Unix epoch; whole weeks start on Monday.

    >>> clock.iso(window_start(1_362_500_000.0, 7 * 86_400.0))
    '2013-03-04T00:00:00.000Z'
    """
    offset = MONDAY if length % (7 * 86_400) == 0 else 0.0
    return (moment - offset) // length * length + offset


def _by_window(moments: np.ndarray, length: float) -> Iterator[tuple[float, list[int]]]:
    """Yield each window's start with the positions of those (n,) moments that lie in it.

    NaN lies in none.
    """
    starts = window_start(moments, length)
    for start in np.unique(starts[~np.isnan(starts)]).tolist():
        yield start, np.flatnonzero(starts == start).tolist()


def traffic_of(row: sqlite3.Row) -> Traffic:
    """Return a stored traffic window's counts."""
    plain = {name: row[name] for name in Traffic.__struct_fields__ if name != "latency"}
    return Traffic(**plain, latency=counts.unpack(row["latency"]))


def _traffic(exchanges: list[sqlite3.Row], batch: Batch) -> Traffic:
    # What was kept only because it failed is in no rate: it stands for nobody.
    members = [one for one in exchanges if one["sample_rate"] != 0]
    statuses = np.array([member["status"] or 0 for member in members])
    durations = np.array([member["duration_ms"] for member in members], dtype=np.float64)
    rows = np.array([batch.notes[member["seq"]][0] for member in members])
    return Traffic(
        requests=len(members), errors=int((statuses >= 500).sum()),
        client_errors=int(((statuses >= 400) & (statuses < 500)).sum()),
        aborted=sum(bool(member["aborted"]) for member in members),
        not_decoded=int(((rows == 0) & (statuses < 400)).sum()), latency=count_latency(durations),
    )  # fmt: skip


def _storable(value: object) -> object:
    if type(value) is float:
        return value
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(value) if abs(value) < 1e308 else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value
