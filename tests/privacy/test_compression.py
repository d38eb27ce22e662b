"""Compressed bodies: all of one is looked at, up to a limit, or it is not kept."""

from __future__ import annotations

import gzip
import zlib

import pytest

from modeltap.privacy.compression import MAX_INFLATED_BYTES, compressed_as, inflate, layers
from modeltap.privacy.masker import Masker

DOCUMENT = b'{"password": "quokka77"}'


def raw_deflate(body):
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(body) + machine.flush()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
    ],
)
def test_bodies_are_inflated_up_to_the_limit(encoding, compress):
    body = b'{"a": 1}' * 50
    assert inflate(compress(body), encoding, 1000) == body
    assert inflate(compress(body), encoding, 100) is None


def test_unknown_encodings_and_broken_bodies_are_not_inflated():
    assert inflate(gzip.compress(b"a"), "br", 100) is None
    assert inflate(b"not compressed at all", "gzip", 100) is None


@pytest.mark.parametrize(
    ("encoding", "rest", "kept"),
    [
        ("gzip", gzip.compress(b"second"), b"firstsecond"),
        ("gzip", bytes(512), b"first"),
        ("gzip", b"password=x", None),
        ("gzip", b"\0\0password=x", None),
        ("deflate", b"password=x", None),
    ],
)
def test_bytes_after_the_first_member_are_read_or_refused(encoding, rest, kept):
    """Zeros pad tapes; anything else that is no member would be stored unseen."""
    compress = gzip.compress if encoding == "gzip" else zlib.compress
    assert inflate(compress(b"first") + rest, encoding, 1000) == kept


def test_text_in_a_gzip_header_is_refused():
    """A comment is free text; a simple file name is not."""
    plain = gzip.compress(b"x")
    header, rest = plain[:10], plain[10:]
    with_comment = header[:3] + bytes([16]) + header[4:] + b"password=x\0" + rest
    named = header[:3] + bytes([8]) + header[4:] + b"rows.json\0" + rest
    hiding = header[:3] + bytes([8]) + header[4:] + b"password=x\0" + rest
    assert inflate(with_comment, "gzip", 100) is None
    assert inflate(named, "gzip", 100) == b"x"
    assert inflate(hiding, "gzip", 100) is None


@pytest.mark.parametrize("encoding", ["gzip, gzip", "GZIP,gzip", "identity, gzip , x-gzip"])
def test_lists_of_encodings_are_undone_from_the_last(encoding):
    assert inflate(gzip.compress(gzip.compress(DOCUMENT)), encoding, 1000) == DOCUMENT
    assert inflate(gzip.compress(zlib.compress(DOCUMENT)), "deflate, gzip", 1000) == DOCUMENT


def test_layers_and_bombs_are_bounded():
    body = DOCUMENT
    for _ in range(5):
        body = gzip.compress(body)
    assert inflate(body, ", ".join(["gzip"] * 5), 1000) is None
    bomb = gzip.compress(bytes(MAX_INFLATED_BYTES)) * 2
    assert inflate(bomb, "gzip", MAX_INFLATED_BYTES) is None
    assert layers(" identity ") == []


def test_a_body_that_is_both_zlib_and_raw_deflate_is_refused():
    """A stored block whose length reads as zlib's header: readers would disagree about it."""
    length = 0x9C  # with the block's first byte, 0x78, a header of zlib
    text = b"a" * (length + 256 * 3)
    raw = b"\x78" + len(text).to_bytes(2, "little") + (0xFFFF - len(text)).to_bytes(2, "little")
    raw += text + b"\x03\0"
    assert zlib.decompress(raw, -15) == text
    assert inflate(raw, "deflate", 10_000) in (text, None)


def test_brotli_is_read_where_its_package_is_installed():
    brotli = pytest.importorskip("brotli")
    masker = Masker()
    packed = brotli.compress(DOCUMENT)
    assert inflate(packed, "br", 1000) == DOCUMENT
    assert masker.body(packed, "br") == ('{"password":"[masked]"}', "masked")
    assert inflate(packed + b"password=x", "br", 1000) is None
    assert inflate(packed[:-3], "br", 1000) is None
    assert inflate(brotli.compress(bytes(3 * MAX_INFLATED_BYTES)), "br", MAX_INFLATED_BYTES) is None
    assert inflate(brotli.compress(bytes(100_000)), "br", MAX_INFLATED_BYTES) == bytes(100_000)


def test_zstandard_is_read_where_its_package_is_installed():
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress(DOCUMENT)
    assert inflate(packed * 2, "zstd", 1000) == DOCUMENT * 2
    assert inflate(packed + b"password=x", "zstd", 1000) is None
    assert inflate(zstandard.compress(bytes(2000)), "zstd", 1000) is None


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_compression_that_is_not_declared_is_found(compress):
    """Such a body is kept as it came, or not at all."""
    masker = Masker()
    assert compressed_as(compress(DOCUMENT))
    assert masker.body(compress(DOCUMENT), "", "application/octet-stream") == (None, "unmaskable")
    assert masker.body(compress(b'{"age": 7}'), "") == (compress(b'{"age": 7}'), None)


@pytest.mark.parametrize(
    "start", [b"BZh9", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd"]
)
def test_formats_that_cannot_be_read_are_not_kept(start):
    assert Masker().body(start + bytes(range(256)), "") == (None, "unmaskable")
