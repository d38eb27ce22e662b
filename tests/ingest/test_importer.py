"""Entries are stored once, whatever their order, and counted by what became of them."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.config.settings import Settings
from modeltap.ingest.entry import Logged, Truth
from modeltap.ingest.importer import Importer, import_entries
from modeltap.store.connection import connect


@pytest.fixture
def importer(store):
    with closing(connect(store)) as connection:
        yield Importer(connection, Settings(), model="m")


def whole(key, **more):
    return Logged(source="s", key=key, time=1e9, request=b'{"x": 1}', response=b"[1]", **more)


def test_the_same_entries_again_add_nothing(importer, store, read_rows):
    entries = [whole("a", label=1), whole("b"), Truth(source="s", id="b", value=2, key="t")]
    done = import_entries(importer, entries)
    assert (done.rows, done.labels, done.repeated) == (2, 2, 0) and done.anything()
    import_entries(importer, entries)
    assert (done.rows, done.labels, done.repeated) == (2, 2, 3)
    assert len(read_rows(store)) == 2


def test_a_label_that_comes_first_waits_for_its_exchange(importer, store, read_rows):
    importer.add([Truth(source="s", id="caller", value=5, key="t")])
    assert importer.done.waiting_labels == 1
    importer.add([whole("a", request_id="caller")])
    (label,) = read_rows(store, "select * from labels")
    (row,) = read_rows(store)
    assert label["exchange_id"] == row["id"] and label["value"] == 5


def test_halves_are_joined_and_what_is_left_is_stored_alone(importer, store, read_rows):
    for key, side in (("a", "request"), ("b", "response"), ("a", "response")):
        bodies = {side: b"{}"}
        importer.add([Logged(source="s", key=key, time=1e9, side=side, **bodies)])
    importer.settle()
    assert (importer.done.unmatched, importer.done.rows, importer.done.waiting) == (3, 1, 1)
    importer.settle(all_of_them=True)
    assert (importer.done.rows, importer.done.unpaired, importer.done.waiting) == (2, 1, 0)
    assert len(read_rows(store)) == 2


def test_batches_are_bounded_by_their_bytes(importer):
    big = b" " * (9 << 20)
    entries = [Logged(source="s", key=str(n), time=None, request=big) for n in range(3)]
    done = import_entries(importer, entries)
    assert (done.rows, done.without_time) == (3, 3)
    assert import_entries(importer, []) is done
