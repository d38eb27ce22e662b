"""A file that is read as a stream: how far it is, what is broken, how long a line may be."""

from __future__ import annotations

import gzip

import pytest

from modeltap.errors import InputError
from modeltap.ingest.files import source as sources
from modeltap.ingest.files.source import Source, head, json_of, open_source


def test_lines_have_their_numbers_and_blank_ones_are_left_out(tmp_path):
    """Plain or packed; how far it is counts the file's own bytes."""
    text = b"one\n\n  \nfour\nfive"
    (tmp_path / "log.jsonl").write_bytes(text)
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(text))
    for name in ("log.jsonl", "log.jsonl.gz"):
        read = []
        one = Source(tmp_path / name, on_read=read.append)
        assert list(one.lines()) == [(1, b"one\n"), (4, b"four\n"), (5, b"five")]
        assert one.position == read[-1] == one.path.stat().st_size
        assert one.suffix == ".jsonl" and one.is_compressed == name.endswith(".gz")


def test_a_line_that_is_too_long_is_named_and_the_next_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_DOCUMENT_BYTES", 10)
    (tmp_path / "log").write_bytes(b"x" * 25 + b"\n" + b"y" * 9 + b"\nz")
    one = Source(tmp_path / "log")
    assert list(one.lines()) == [(2, b"y" * 9 + b"\n"), (3, b"z")]
    assert one.broken_count == 1 and one.broken[0].startswith("line 1: ")


def test_of_many_broken_parts_twenty_are_named():
    one = Source(sources.Path("log"), unit="document")
    for line in range(50):
        one.note(line, "no JSON")
    assert one.broken_count == 50 and len(one.broken) == 20
    assert one.broken[0] == "document 0: no JSON"


def test_the_beginning_has_no_byte_order_mark(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfa,b\n")
    assert head(Source(tmp_path / "a.csv")) == b"a,b\n"
    (tmp_path / "a.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"'a\.csv\.gz' cannot be read"):
        head(Source(tmp_path / "a.csv.gz"))


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path):
    (tmp_path / "rows.csv").touch()
    with pytest.raises(InputError, match=r"rosw\.csv.*'rows\.csv'"):
        open_source(tmp_path / "rosw.csv")
    with pytest.raises(InputError, match="there is no file"):
        open_source(tmp_path / "nowhere" / "rows.csv")


def test_json_of_bytes_keeps_every_digit():
    assert json_of(b'\xef\xbb\xbf{"id": 12345678901234567890}') == {"id": 12345678901234567890}
    assert json_of(b"{") is None and json_of(b"[" * 100_000) is None
