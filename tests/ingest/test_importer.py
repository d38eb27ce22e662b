"""Entries are stored once, whatever their order, and counted by what became of them."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.config.settings import Settings
from modeltap.ingest.entry import Logged, TableBlock, Truth
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


def block(ids):
    return TableBlock(
        source="s",
        keys=[f"key of {id_}" for id_ in ids],
        lines=range(len(ids)),
        times=[1e9] * (len(ids) - 1) + [None],
        requests=["{}"] * len(ids),
        request_ids=ids,
        labels=[id_ if id_ == "b" else None for id_ in ids],
        names=(),
        texts=[],
    )


def test_rows_of_a_table_are_stored_once_with_their_labels(importer, store, read_rows):
    """Each row that the store or the table itself had before counts as repeated."""
    importer.add([block(["a", "b", "a", "b", "c"])])
    done = importer.done
    assert (done.rows, done.repeated, done.labels, done.without_time) == (3, 2, 1, 1)
    importer.add([block(["c", "d"]), whole("e"), block(["d"])])
    assert (done.rows, done.repeated, done.labels, done.without_time) == (5, 4, 1, 2)
    assert [row["request_id"] for row in read_rows(store)] == ["a", "b", "c", "d", None]
    (label,) = read_rows(
        store, "select e.request_id, value from labels join exchanges e on e.id = exchange_id"
    )
    assert tuple(label) == ("b", "b")


@pytest.mark.parametrize("by", ["keys", "lines"])
def test_labels_that_come_first_wait_for_rows_of_a_table(importer, store, read_rows, by):
    importer.add([Truth(source="s", id=id_, value=id_, key="t") for id_ in ("b", "d")])
    rows = block(["a", "d", "c", "d"])
    if by == "lines":
        rows.keys, rows.table, rows.lines = [], "hash", [2, 3, 4, 3]
    importer.add([rows])
    sql = "select l.value, e.request_id from labels l left join exchanges e on e.id = exchange_id"
    assert list(map(tuple, read_rows(store, sql))) == [("b", None), ("d", "d")]
    assert (importer.done.rows, importer.done.repeated) == (3, 1)


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
