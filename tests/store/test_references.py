"""References in the store: one active reference per version, and samples that can be erased."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import references
from modeltap.store.connection import connect, writing


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def save(connection, id_, model="m", version="", payload="{}"):
    with writing(connection):
        references.save_reference(
            connection,
            id=id_,
            model=model,
            version=version,
            source="first 2 rows",
            rows=2,
            from_time=None,
            to_time=None,
            state="active",
            payload=payload,
        )


def test_the_last_saved_reference_is_active(connection):
    save(connection, "a"), save(connection, "b"), save(connection, "c", version="2")
    assert references.active_reference(connection, "m", "").id == "b"
    assert [reference.id for reference in references.active_references(connection)] == ["b", "c"]
    assert {reference.id for reference in references.all_references(connection, "m")} == {
        "a",
        "b",
        "c",
    }
    assert references.active_references(connection, "other") == []
    with writing(connection):
        references.activate(connection, "a", "m", "")
    assert references.active_reference(connection, "m", "").id == "a"
    assert references.active_reference(connection, "m", "2").id == "c"
    assert references.active_reference(connection, "m", "3") is None


def test_saving_the_same_bins_again_replaces_the_reference(connection):
    save(connection, "a", payload="{}"), save(connection, "a", payload='{"rows":3}')
    (reference,) = references.all_references(connection)
    assert reference.payload == '{"rows":3}' and reference.active
    assert "payload" not in reference.summary() and reference.summary()["id"] == "a"


def test_an_id_prefix_is_not_a_pattern(connection):
    save(connection, "abc"), save(connection, "abd")
    assert len(references.find_references(connection, "ab")) == 2
    assert [reference.id for reference in references.find_references(connection, "abd")] == ["abd"]
    assert references.find_references(connection, "%") == []


def sampled(*rows):
    return [references.SampledRow(id_, row, None, coded) for id_, row, coded in rows]


def coded_rows(connection, reference_id):
    return [row.coded for row in references.sampled_rows(connection, reference_id)]


def test_rows_of_a_person_are_deleted_from_every_sample(connection):
    with writing(connection):
        references.save_rows(
            connection, "r", sampled(("a", 0, b"1"), ("b", 0, b"2"), ("a", 1, b"3"))
        )
        references.save_rows(connection, "s", sampled(("a", 0, b"4")))
    assert coded_rows(connection, "r") == [b"1", b"3", b"2"]
    with writing(connection):
        references.delete_sampled_rows(connection, ["a"])
    assert coded_rows(connection, "r") == [b"2"]
    assert coded_rows(connection, "s") == []
    with writing(connection):
        references.save_rows(connection, "r", sampled(("c", 0, b"5")))
    assert coded_rows(connection, "r") == [b"5"]
