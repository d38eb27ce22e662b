"""Notes of decoding: the number of rows in each exchange, and why rows are missing.

Consecutive exchanges mostly have equal notes, so one row holds a run of them. Notes in `exchanges`
would rewrite the pages with all bodies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple


class DecodeNote(NamedTuple):
    """The number of rows decoded from an exchange, and why rows or predictions are missing."""

    rows: int
    reason: str | None


class _Run(NamedTuple):
    """Consecutive exchanges with equal notes: `before` < seq <= `last`."""

    before: int
    last: int
    note: DecodeNote


def decoded_rows(seq: str) -> str:
    """Return the SQL of the number of decoded rows of the exchange `seq`; null until it is decoded.

    >>> decoded_rows("e.seq")[:32]
    '(select d.rows from decode_notes'
    """
    return _noted("rows", seq)


def decode_note(seq: str) -> str:
    """Return the SQL of the reason why rows of the exchange `seq` are missing; mostly null."""
    return _noted("note", seq)


def _noted(column: str, seq: str) -> str:
    return (
        f"(select d.{column} from decode_notes d where d.last_seq = (select min(n.last_seq) "
        f"from decode_notes n where n.last_seq >= {seq}) and d.first_seq <= {seq})"
    )


FULL_EXCHANGE = (
    f"exchanges.*, {decoded_rows('exchanges.seq')} as decoded, "
    f"{decode_note('exchanges.seq')} as decode_note"
)
"""All columns of `exchanges` with their notes."""


def save_decode_notes(
    connection: sqlite3.Connection, before: int, after: int, notes: Mapping[int, DecodeNote]
) -> None:
    """Write the notes of all exchanges with `before` < seq <= `after`, in the transaction.

    Args:
        notes: the notes by `seq`.
    """
    first, *others = _runs(before, after, notes)
    extended = connection.execute(
        "update decode_notes set last_seq = ? where last_seq = ? and rows = ? and note is ?",
        (first.last, before, *first.note),
    )
    new = others if extended.rowcount else [first, *others]
    connection.executemany(
        "insert into decode_notes (first_seq, last_seq, rows, note) values (?, ?, ?, ?)",
        [(run.before + 1, run.last, *run.note) for run in new],
    )


def _runs(before: int, after: int, notes: Mapping[int, DecodeNote]) -> list[_Run]:
    """Return the notes as runs that cover all exchanges with `before` < seq <= `after`."""
    if len(distinct := set(notes.values())) == 1:
        return [_Run(before, after, *distinct)]
    runs: list[_Run] = []
    for note, seqs in groupby(sorted(notes), key=notes.__getitem__):
        *_, last = seqs
        runs.append(_Run(runs[-1].last if runs else before, last, note))
    runs[-1] = runs[-1]._replace(last=after)
    return runs


def forget_notes(connection: sqlite3.Connection, deleted: Iterable[int]) -> None:
    """Delete the runs of deleted exchanges in which no exchange is left, in the transaction.

    Args:
        deleted: their `seq`.
    """
    connection.executemany(
        "delete from decode_notes where last_seq = (select min(last_seq) from decode_notes "
        "where last_seq >= ?) and not exists "
        "(select 1 from exchanges e where e.seq between first_seq and last_seq)",
        [(seq,) for seq in deleted],
    )
