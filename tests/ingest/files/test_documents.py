"""JSON documents out of files of any size and shape."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from modeltap.errors import InputError
from modeltap.ingest.files import source as sources
from modeltap.ingest.files.documents import documents
from modeltap.ingest.files.source import Source

MANY = [
    {"n": n, "text": "é" * (n % 97), "inner": {"list": [n, None, "]", "}"]}} for n in range(3000)
]


@pytest.mark.parametrize(
    "written",
    [
        "\n".join(map(json.dumps, MANY)),
        "\r\n\r\n".join(json.dumps(one, ensure_ascii=False) for one in MANY) + "\r\n",
        json.dumps(MANY),
        json.dumps(MANY, indent=2, ensure_ascii=False),
        "\n".join(json.dumps(one, indent=2) for one in MANY),
        "\ufeff" + json.dumps(MANY[0]) + "\n" + "\n".join(map(json.dumps, MANY[1:])),
    ],
    ids=["lines", "crlf", "array", "indented array", "indented", "byte order mark"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_all_of_them_come(tmp_path, written, packed):
    """On lines, in an array, indented; compressed or not; the file is read to its end."""
    path = tmp_path / ("a.json.gz" if packed else "a.json")
    path.write_bytes(gzip.compress(written.encode()) if packed else written.encode())
    source = Source(path)
    assert [document for _, document in documents(source)] == MANY
    assert source.broken_count == 0 and source.position == path.stat().st_size


@pytest.mark.parametrize(("text", "count"), [("", 0), ("[]", 0), ("[{}]", 1), (" [ {} , {} ] ", 2)])
def test_little_is_enough(tmp_path, text, count):
    """An empty file holds nothing; empty objects are objects."""
    (tmp_path / "a.json").write_text(text)
    assert len(list(documents(Source(tmp_path / "a.json")))) == count


def test_what_is_broken_in_an_array_ends_it(tmp_path):
    """The start of the next one is unknown; those before it are stored."""
    (tmp_path / "a.json").write_text('[{"a": 1}, {"b": oops}, {"c": 1}]')
    source = Source(tmp_path / "a.json")
    assert [document for _, document in documents(source)] == [{"a": 1}]
    assert source.broken == ["document 2: not valid JSON; the rest of the file is not read"]


def test_what_is_too_long_is_not_held(tmp_path, monkeypatch):
    """A line is skipped, and the next one read; in an array it is an error that says so."""
    for module in ("modeltap.ingest.files.source", "modeltap.ingest.files.documents"):
        monkeypatch.setattr(f"{module}.MAX_DOCUMENT_BYTES", 1 << 20)
    long = json.dumps({"a": "x" * (3 << 20)})
    (tmp_path / "a.jsonl").write_text(f'{{"b": 1}}\n{long}\n{{"c": 1}}\n')
    source = Source(tmp_path / "a.jsonl")
    assert [document for _, document in documents(source)] == [{"b": 1}, {"c": 1}]
    assert source.broken == [f"line 2: longer than {sources.MAX_DOCUMENT_BYTES >> 20} MB"]
    (tmp_path / "a.json").write_text(f"[{long}]")
    with pytest.raises(InputError, match="a document of more than 1 MB; split it"):
        list(documents(Source(tmp_path / "a.json")))


@pytest.mark.parametrize("array", [False, True])
def test_memory_is_flat(tmp_path, array):
    """Twenty times the documents take no more of it."""
    peaks = []
    for count in (500, 10_000):
        one = json.dumps({"text": "x" * 2000})
        lines = (",\n" if array else "\n").join([one] * count)
        (tmp_path / "a.json").write_text(f"[{lines}]" if array else lines)
        tracemalloc.start()
        assert sum(1 for _ in documents(Source(tmp_path / "a.json"))) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 200_000


def test_a_file_that_ends_too_soon_is_one_line(tmp_path):
    """Half of a compressed file cannot be read."""
    packed = gzip.compress("\n".join(map(json.dumps, MANY)).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match=r"'a.jsonl.gz' cannot be read: Compressed file ended"):
        list(documents(Source(tmp_path / "a.jsonl.gz")))


def test_a_damaged_file_is_one_line(tmp_path):
    """Bytes that are no compression any more."""
    packed = bytearray(gzip.compress(json.dumps(MANY).encode()))
    packed[500:600] = bytes(100)
    (tmp_path / "a.json.gz").write_bytes(packed)
    with pytest.raises(InputError, match=r"'a.json.gz' cannot be read: "):
        list(documents(Source(tmp_path / "a.json.gz")))
