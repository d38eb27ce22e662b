"""Rows of logs: the same id each time, masked, and nothing that SQLite cannot hold."""

from __future__ import annotations

import json
from itertools import product

import pytest

from modeltap.config.settings import Settings
from modeltap.ingest.entry import Logged
from modeltap.ingest.logged_rows import MAX_NAME, ExchangeRows
from modeltap.store.unmatched import NOT_SEEN


def rows(**said):
    return ExchangeRows(Settings(**said), model="m")


def logged(**more):
    return Logged(**{"source": "s", "key": "k", "time": 0.0, "request": b"{}"} | more)


def test_an_id_is_that_of_model_version_source_and_key():
    made = rows()
    ids = {
        made.id_of("s", "k"),
        made.id_of("s", "l"),
        made.id_of("sk", ""),
        ExchangeRows(Settings(), model="n").id_of("s", "k"),
        ExchangeRows(Settings(), model="m", version="2").id_of("s", "k"),
        made.id_of("s", "\ud800"),
    }
    assert len(ids) == 6 and rows().id_of("s", "k") in ids


def test_ids_of_a_tables_rows_have_the_order_of_its_lines():
    entries = [logged(key="t", line=line) for line in (2, 3, 17, 10**6, 16**8)]
    ids = [row.id for row in rows().rows(entries)]
    assert ids == sorted(ids) and len(set(ids)) == len(ids) and set(map(len, ids)) == {32}
    others = [logged(key="u", line=2), logged(key="t", line=2, source="z"), logged(key="t")]
    assert len({*ids, *(row.id for row in rows().rows(others))}) == len(ids) + 3
    assert ids[0] == rows().row(entries[0]).id


@pytest.mark.parametrize("value", ["Oslo", "", "token=abc", "12:30", "passw0rd", "ключ"])
@pytest.mark.parametrize("response", [None, b"", b'{"prediction": 1}'])
@pytest.mark.parametrize("request_id", [None, "r1"])
def test_rows_that_are_checked_together_are_those_that_are_checked_alone(
    value, response, request_id
):
    entries = [
        logged(
            key="t",
            line=line,
            request=json.dumps({"city": text}).encode(),
            request_type="application/json",
            response=response,
            request_id=request_id,
            texts=("city", text),
        )
        for line, text in enumerate(["Rome", value, "Bonn"])
    ]
    assert rows().rows(entries) == [rows().row(entry) for entry in entries]


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


def test_bodies_of_clean_texts_are_kept_and_others_masked():
    body = b'{"city": "token=abc"}'
    entry = logged(request=body, request_type="application/json", texts=("city", "token=abc"))
    assert "abc" not in rows().row(entry).request_body
    entry.texts, entry.request = ("city", "Oslo"), b'{"city": "Oslo"}'
    assert rows().row(entry) == rows()._any_row(entry)


@pytest.mark.parametrize(
    "options", [{}, {"mask_body_fields": ("city",)}, {"mask_values": ("email",)}, {"version": "2"}]
)
def test_rows_checked_together_are_those_checked_one_by_one(options):
    """A sensitive text in one of 300 rows is masked there, and nowhere else."""
    entries = [
        logged(
            key=str(n),
            request=b'{"city": "%s"}' % text.encode(),
            request_type="application/json",
            texts=("city", text),
            version="a" if n < 280 else "b",
        )
        for n in range(600)
        for text in ["token=abc" if n == 290 else f"me@example.org {n}"]
    ]
    made = rows(**options).rows(entries)
    assert made == [rows(**options).row(entry) for entry in entries]
    assert not any("abc" in row.request_body for row in made)
