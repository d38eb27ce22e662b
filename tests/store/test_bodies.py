"""Bodies of one model in order, and those of unmatched requests and responses."""

from __future__ import annotations

from contextlib import closing

from modeltap.store import unmatched
from modeltap.store.bodies import bodies_after, unmatched_bodies
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.unmatched import SideRow


def row(id_, model="m", **columns):
    return ExchangeRow(id=id_, model=model, source="import", started_at="2024-01-01", **columns)


def test_bodies_are_read_in_parts(store):
    rows = [row(f"id{n}", "mn"[n % 2], request_body=f"{n}") for n in range(8)]
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_exchanges(connection, rows)
        first = bodies_after(connection, "m", 0, 3)
        assert [stored.request_body for stored in first] == ["0", "2", "4"]
        assert [stored.id for stored in bodies_after(connection, "m", first[-1].seq, 3)] == ["id6"]
        assert bodies_after(connection, "other", 0, 3) == []


def test_large_bodies_are_read_a_few_at_a_time(store, monkeypatch):
    """Each part goes on after the one before; a body larger than the limit is read, too."""
    monkeypatch.setattr("modeltap.store.bodies.MAX_BYTES", 3000)
    sizes = [100] * 60 + [20_000] + [100] * 60
    rows = [row(f"id{n}", request_body="x" * size) for n, size in enumerate(sizes)]
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_exchanges(connection, rows)
        parts, after = [], 0
        while part := bodies_after(connection, "m", after, 1000):
            parts.append(part)
            after = part[-1].seq
    assert [stored.id for part in parts for stored in part] == [own.id for own in rows]
    assert len(parts) > 2 and max(map(len, parts)) < 100


def test_each_body_is_paired_with_its_own_encoding(store):
    given = row("a", request_body="q", response_body=b"\x1f", response_encoding="gzip")
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_exchanges(connection, [given])
        (exchange_bodies,) = bodies_after(connection, "m", 0, 1)
    assert exchange_bodies.with_encodings() == (("q", None), (b"\x1f", "gzip"))


def test_an_unmatched_side_has_its_body_and_no_number(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            response = SideRow(row("a", response_body="r"), "response")
            request = SideRow(row("b", "other", request_body="q"), "request")
            unmatched.match(connection, [response, request], "2024")
        (exchange_bodies,) = unmatched_bodies(connection, "m")
    assert (exchange_bodies.seq, exchange_bodies.id) == (0, "a")
    assert "r" in (exchange_bodies.request_body, exchange_bodies.response_body)
