"""Ids of imported exchanges: the same each time, and in the order of a table's lines."""

from __future__ import annotations

from modeltap.ingest.exchange_ids import ExchangeIds

IDS = ExchangeIds("m", "")


def test_an_id_is_that_of_model_version_source_and_key():
    ids = {
        IDS.of("s", "k"),
        IDS.of("s", "l"),
        IDS.of("sk", ""),
        ExchangeIds("n", "").of("s", "k"),
        ExchangeIds("m", "2").of("s", "k"),
        IDS.of("s", "\ud800"),
    }
    assert len(ids) == 6 and ExchangeIds("m", "").of("s", "k") in ids


def test_ids_of_a_tables_rows_have_the_order_of_its_lines():
    ids = IDS.of_lines("s", "t", [2, 3, 17, 10**6, 16**8])
    assert ids == sorted(ids) and len(set(ids)) == len(ids) and set(map(len, ids)) == {32}
    others = [*IDS.of_lines("s", "u", [2]), *IDS.of_lines("z", "t", [2]), IDS.of("s", "t")]
    assert len({*ids, *others}) == len(ids) + 3
    assert ids[1:2] == IDS.of_lines("s", "t", [3])


def test_ids_stay_the_same_in_later_versions():
    """Or else a file that is imported again would add all its rows again."""
    assert IDS.of("s", "k") == "60a6ff6d3d8686afb4342b9c8f48d351"
    assert IDS.of_lines("s", "t", [17, 16**8]) == [
        "2bb9d000000118a1196ad1c533c2a426",
        "2bb9d100000000b428720d44cf8378e1",
    ]
