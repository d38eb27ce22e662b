"""Encodings of files: by marks, by zeros, or by which one fits."""

from __future__ import annotations

import pytest

from modeltap.ingest.files.encoding import encoding_of, text_of
from modeltap.ingest.files.source import Source

TEXT = "Größe;Straße;Preis €\n" + "1,5;2;3\n" * 20


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("before", [0, 300_000])
def test_a_file_is_read_in_its_encoding(tmp_path, encoding, before):
    """Wherever its first letter beyond ASCII is."""
    text = "a" * before + TEXT
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    found = encoding_of(Source(path))
    assert path.read_bytes().decode(found.name).removeprefix("\ufeff") == text
    assert found.broken == 0


def test_what_windows_does_not_know_is_latin(tmp_path):
    """Five of its bytes mean nothing."""
    (tmp_path / "a.csv").write_bytes(b"a\n\x81\xe9\n")
    assert encoding_of(Source(tmp_path / "a.csv")).name == "latin-1"


def test_the_beginning_of_a_file_is_text():
    assert text_of("a;b".encode("utf-16")) == text_of(b"a;b") == "a;b"
