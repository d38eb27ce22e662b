"""Rows of logs: the same id each time, masked, and nothing that SQLite cannot hold."""

from __future__ import annotations

import gc
import json
import time
from itertools import product

import pytest
from msgspec.structs import asdict, replace

from modeltap.config.settings import Settings
from modeltap.ingest.entry import Logged, TableBlock
from modeltap.ingest.logged_rows import MAX_NAME, ExchangeRows
from modeltap.store.unmatched import NOT_SEEN
from modeltap.writer.row_masker import RowMasker


def rows(**said):
    return ExchangeRows(Settings(**said), model="m")


def logged(**more):
    return Logged(**{"source": "s", "key": "k", "time": 0.0, "request": b"{}"} | more)


def block(texts, **more):
    """Return a block of a table with one column of texts."""
    return TableBlock(
        **{
            "source": "s",
            "keys": [f"k{n}" for n in range(len(texts))],
            "lines": range(2, len(texts) + 2),
            "times": [60.0 * n for n in range(len(texts))],
            "requests": [json.dumps({"city": text}) for text in texts],
            "names": ("city",),
            "texts": [texts],
        }
        | more
    )


def test_the_maskers_of_many_versions_are_bounded():
    """A log may name a version for each of its lines."""
    made = rows()
    before = sum(isinstance(kept, RowMasker) for kept in gc.get_objects())
    versions = [made.row(logged(version=f"v{number}")).version for number in range(300)]
    assert versions == [f"v{number}" for number in range(300)]
    assert sum(isinstance(kept, RowMasker) for kept in gc.get_objects()) <= before + 256


def by_row(columns):
    """Return the rows that `columns` has, as dictionaries."""
    own = zip(*columns.own.values(), strict=True)
    return [asdict(columns.shared) | dict(zip(columns.own, cells, strict=True)) for cells in own]


def by_entry(made, rows):
    """Return the rows of the entries of a block, each masked by itself."""
    keys = zip(rows.entries(), rows.keys, strict=True)
    return [asdict(made.row(replace(entry, key=key))) for entry, key in keys]


TEXTS = ["Oslo", "", "token=abc", "12:30", "passw0rd", "ключ", "me@example.org"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("responses", [(), ['{"prediction": 1}'] * 3])
@pytest.mark.parametrize("request_ids", [(), ["r1", None, "token=abc"]])
@pytest.mark.parametrize("times", [[0.0, 9.5, 1e9], [5.0, None, 5.0]])
def test_rows_of_a_block_are_those_of_its_entries(text, responses, request_ids, times, monkeypatch):
    """Their texts are checked together; a sensitive one is masked in its row."""
    monkeypatch.setattr(time, "time", lambda: 7.0)
    rows_of_block = block(
        ["Rome", text, "Bonn"], responses=responses, request_ids=request_ids, times=times
    )
    made = rows()
    assert by_row(made.columns(rows_of_block)) == by_entry(made, rows_of_block)


OPTIONS = [
    {},
    {"mask_body_fields": ("city",)},
    {"mask_body_fields": ("ci.y",)},
    {"mask_values": ("email",)},
    {"mask_with": "drop"},
    {"mask_bodies": False},
    {"capture_response_body": False},
    {"version": "2"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("texts", ["flat", "nested"])
def test_blocks_are_masked_by_the_settings(options, texts):
    """Also if they may have texts at a deeper level."""
    many = [TEXTS[n % len(TEXTS)] if n > 290 else f"city {n}" for n in range(300)]
    rows_of_block = block(many)
    if texts == "nested":
        rows_of_block.texts = None
        rows_of_block.requests = [json.dumps({"city": {"a": [text]}}) for text in many]
    made = rows(**options)
    assert by_row(made.columns(rows_of_block)) == by_entry(made, rows_of_block)


def test_what_a_log_does_not_have_is_noted():
    row = rows().row(logged())
    assert (row.request_note, row.response_note) == (None, NOT_SEEN)
    assert row.event_time == row.started_at == "1970-01-01T00:00:00.000Z"
    assert rows().row(logged(time=None)).event_time is None


def test_bodies_headers_and_labels_are_masked():
    made = rows(mask_values=(r"\d{16}",))
    body = b'{"password": "s3cret", "card": "4111111111111111"}'
    row = made.row(logged(request=body, request_type="application/json", request_id="r1"))
    assert "s3cret" not in row.request_body and "4111" not in row.request_body
    assert row.request_id == "r1" and made.label("4111111111111111") == "[masked]"
    assert made.label(4) == 4


@pytest.mark.parametrize("text", ["a\ud800b", "a\0b"])
def test_texts_are_such_as_sqlite_holds(text):
    row = rows().row(logged(path=text, version=text))
    row.path.encode(), row.version.encode()
    assert "\0" not in row.path + row.version
    assert len(rows().row(logged(version="v" * 999)).version) == MAX_NAME
    assert ExchangeRows(Settings(), model="m", version="2").row(logged(version="1")).version == "2"


def test_a_slow_pattern_is_named_once(caplog):
    made = rows(mask_body_fields=("(a+)+$",))
    slow = b'{"' + b"a" * 50 + b'!": 1}'
    for _ in range(2):
        assert made.row(logged(request=slow)).request_note == "unmaskable"
    (record,) = caplog.records
    assert "(a+)+$" in record.getMessage()


BODIES = (
    None,
    b"",
    b'{"x": 1, "city": "Oslo"}',
    b'{"token": "abc", "x": 1}',
    '{"x": "é"}'.encode("utf-16"),
    b"a=1&password=abc",
    b"\x00\xff",
)
TYPES = (None, "application/json", "text/csv; charset=utf-8", "application/x-www-form-urlencoded")


@pytest.mark.parametrize("options", [{}, {"mask_with": "drop"}, {"mask_body_fields": ("city",)}])
def test_rows_of_one_kind_are_those_of_the_tap(options):
    """Entries without headers share most columns; each has the row that the tap would make."""
    made = rows(**options)
    for request, response, type_, id_ in product(BODIES, BODIES, TYPES, (None, "r1", "token=abc")):
        entry = logged(request=request, response=response, request_type=type_, response_type=type_)
        entry.request_id, entry.path = id_, "/models/m?token=abc"
        assert made.row(entry) == made._any_row(entry)
