"""Packing: fields reach the writer under the same names as in the tap."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.store.exchanges import EXCHANGE_COLUMNS
from modeltap.store.text import storable_text
from modeltap.tap.exchange import Exchange
from modeltap.writer.records import CapturedRecord, origin_of, unpack
from modeltap.writer.row_masker import RowMasker
from recordings import payload_of


def unpacked(exchange, origin=0):
    """Return the record that the writer gets."""
    return unpack(payload_of(exchange, origin))


class Text(str):
    """Text of a framework's own type."""


def test_each_field_is_unpacked_under_its_name():
    """Distinct values show that no fields are swapped."""
    exchange = Exchange("asgi", "m", "POST", "/x", b"q=1")
    names = [name for name in CapturedRecord.__struct_fields__ if name != "origin"]
    values = [f"{name} {number}" for number, name in enumerate(names)]
    values = [
        value.encode() if name.endswith("_body") else value
        for name, value in zip(names, values, strict=True)
    ]
    for name, value in zip(names, values, strict=True):
        setattr(exchange, name, value)
    record = unpacked(exchange, 7)
    assert record.origin == 7
    assert [getattr(record, name) for name in names] == values


@pytest.mark.parametrize("path", ["/a\ud800", "/ä" * 5000, Text("/x"), Text("/\udfff")], ids=ascii)
def test_unusual_text_is_packed(path):
    """A server's own kind of text, and text that is not valid Unicode."""
    exchange = Exchange("asgi", "m", "POST", path, b"", [("content-type", Text("a/b"))])
    record = unpacked(exchange)
    assert (record.path, type(record.path)) == (storable_text(path), str)
    assert tuple(map(tuple, record.request_headers)) == (("content-type", "a/b"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "200 OK"),
        ("request_body", bytearray(b"a\0\xff")),
        ("response_headers", [("a", b"\xff"), ("a", "b")]),
        ("request_headers", []),
        ("duration_ms", float("inf")),
        ("chunks", (3, b"abc")),
        ("route", 7),
    ],
)
def test_a_value_of_any_type_is_unpacked(name, value):
    """An app may put anything into a message; headers can be a dictionary's key."""
    exchange = Exchange("asgi", "m", "POST", "/", b"")
    setattr(exchange, name, value)
    exchange.aborted = "perhaps"
    record = unpacked(exchange)
    stored = getattr(record, name)
    assert stored == (tuple(value) if isinstance(value, list) else value)
    assert record.aborted == "perhaps" and isinstance(hash(record.request_headers), int)


def test_an_error_and_chunks_are_packed_as_plain_values():
    """The exception itself stays in the app, even if its `__str__` fails."""

    class Mute(Exception):
        def __str__(self):
            raise ValueError

    exchange = Exchange("asgi", "m", "POST", "/x", b"")
    exchange.fail(Mute())
    exchange.add_response(b"ab", 10)
    exchange.add_response(b"c", 10)
    record = unpacked(exchange)
    assert record.error_type.endswith("Mute") and record.error_message is None
    count, times = record.chunks
    assert count == 2 and len(times) == 2 * 2 * 8


def test_a_row_has_a_field_for_each_column():
    """Fields of the row are in the order of the statement's columns."""
    origin = origin_of(sources.load({"version": "3"}, environ={}), 1, "host")
    exchange = Exchange("call", "m", "", "f", b"")
    row = RowMasker(origin).row(unpacked(exchange))
    assert [name for name in EXCHANGE_COLUMNS if not hasattr(row, name)] == []
    assert (row.model, row.version, row.source, row.host) == ("m", "3", "call", "host")
    assert (row.request_body, row.request_note) == (None, "not read")
