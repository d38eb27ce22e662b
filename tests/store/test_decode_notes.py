"""Notes of decoding are stored as runs, and read again for each exchange."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.decode_notes import DecodeNote, save_decode_notes
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.retention import ExchangeKey, delete

COUNT = 12
USUAL, OTHER = DecodeNote(1, None), DecodeNote(0, "no JSON")


@pytest.fixture
def connection(store):
    rows = [
        ExchangeRow(id=f"id{n}", model="m", source="asgi", started_at="2024-01-01")
        for n in range(1, COUNT + 1)
    ]
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_exchanges(opened, rows)
        yield opened


def save(connection, before, after, notes):
    with writing(connection):
        save_decode_notes(connection, before, after, notes)


def noted(connection):
    rows = connection.execute("select seq, rows, decode_note from v_exchanges order by seq")
    return {seq: DecodeNote(*note) for seq, *note in rows}


def runs(connection):
    return connection.execute("select count(*) from decode_notes").fetchone()[0]


def test_each_exchange_has_its_own_note(connection):
    """In any order of the notes, in several parts, and none before and after them."""
    notes = {seq: DecodeNote(seq % 3, None if seq % 3 else "empty") for seq in range(3, 11)}
    save(connection, 2, 6, {seq: notes[seq] for seq in (6, 4, 3, 5)})
    save(connection, 6, 10, {seq: notes[seq] for seq in range(7, 11)})
    undecoded = DecodeNote(None, None)
    assert noted(connection) == {1: undecoded, 2: undecoded, **notes, 11: undecoded, 12: undecoded}


@pytest.mark.parametrize("parts", [[12], [4, 8, 12], range(1, 13)])
@pytest.mark.parametrize("others", [(), (1,), (5, 6), (12,), (1, 4, 8, 12), range(1, 13)])
def test_equal_notes_that_follow_one_another_are_one_row(connection, parts, others):
    notes = {seq: OTHER if seq in others else USUAL for seq in range(1, COUNT + 1)}
    before = 0
    for after in parts:
        save(connection, before, after, {seq: notes[seq] for seq in range(before + 1, after + 1)})
        before = after
    assert noted(connection) == notes
    changes = sum(notes[seq] != notes[seq + 1] for seq in range(1, COUNT))
    assert runs(connection) == changes + 1


def test_a_note_covers_gaps_between_exchanges(connection):
    connection.execute("delete from exchanges where seq in (1, 5, 12)")
    remaining = [seq for seq in range(1, COUNT + 1) if seq not in (1, 5, 12)]
    save(connection, 0, COUNT, {seq: OTHER if seq == 6 else USUAL for seq in remaining})
    assert noted(connection) == {seq: OTHER if seq == 6 else USUAL for seq in remaining}
    assert runs(connection) == 3


def test_notes_are_deleted_with_the_last_of_their_exchanges(connection):
    notes = {seq: OTHER if seq in (1, 2, 7) else USUAL for seq in range(1, COUNT + 1)}
    save(connection, 0, COUNT, notes)
    left = [4]
    for seqs, kept in (([1], left), ([2, 3, 7], [2]), ([4, 5, 6], [1]), (range(8, 13), [0])):
        with writing(connection):
            delete(connection, [ExchangeKey(seq, f"id{seq}") for seq in seqs])
        assert runs(connection) == kept[0]
        assert noted(connection) == {seq: notes[seq] for seq in noted(connection)}
