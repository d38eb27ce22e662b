"""Content encodings, decoded completely up to a limit, or not at all."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from modeltap.privacy.bodies.compression import encoding_by_magic, inflate
from modeltap.privacy.masker import Masker

SECRET = "qz7f3a"
DIRTY, CLEAN = json.dumps({"password": SECRET}).encode(), b'{"age": 7}'


def gzipped(body):
    """Return gzip-compressed bytes that do not depend on the time."""
    return gzip.compress(body, mtime=0)


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


@pytest.mark.parametrize("rest", [DIRTY, gzipped(DIRTY), gzipped(CLEAN) + DIRTY])
def test_data_after_the_first_member_is_not_overlooked(rest):
    """Another member is masked like the first; with any other data the body is dropped."""
    kept, note = Masker().body(gzip.compress(CLEAN) + rest, "gzip")
    assert note == "unmaskable" and kept is None
    twice = gzip.compress(CLEAN) + gzip.compress(CLEAN) + b"\0" * 100
    assert inflate(twice, "gzip", 100) == CLEAN * 2
    assert inflate(zlib.compress(CLEAN) + DIRTY, "deflate", 1000) is None


@pytest.mark.parametrize("encoding", ["gzip, gzip", "GZIP", "identity, gzip", " gzip ", "gzip,"])
def test_several_encodings_are_decoded_in_turn(encoding):
    body = DIRTY
    for _ in range(encoding.lower().count("gzip")):
        body = gzip.compress(body)
    assert inflate(body, encoding, 1000) == DIRTY
    assert Masker().body(body, encoding) == ('{"password":"[masked]"}', "masked")


def test_too_many_encodings_are_not_decoded():
    body = DIRTY
    for _ in range(5):
        body = gzip.compress(body)
    assert inflate(body, "gzip," * 5, 10_000) is None


@pytest.mark.parametrize("body", [gzipped(DIRTY), b"\x28\xb5\x2f\xfd" + DIRTY])
def test_a_compressed_file_without_content_encoding_is_searched(body):
    """Zstandard needs its package."""
    assert encoding_by_magic(body)
    kept, note = Masker().body(body, "", "application/octet-stream")
    assert note in ("masked", "unmaskable") and SECRET not in str(kept)
    clean = gzip.compress(CLEAN)
    assert Masker().body(clean, "", "application/gzip") == (clean, None)


@pytest.mark.parametrize(
    ("encoding", "package"), [("br", "brotli"), ("br", "brotlicffi"), ("zstd", "zstandard")]
)
def test_brotli_and_zstandard_are_decoded_if_installed(encoding, package):
    module = pytest.importorskip(package, reason=f"pip install {package}")
    compress = module.ZstdCompressor().compress if encoding == "zstd" else module.compress
    assert inflate(compress(DIRTY), encoding, 1000) == DIRTY
    assert inflate(compress(b"0" * 5_000_000), encoding, 1000) is None
    assert Masker().body(compress(DIRTY), encoding)[1] == "masked"


def test_undecodable_bodies_are_not_kept():
    for encoding in ("br", "zstd", "compress", "unknown"):
        assert Masker().body(b"whatever", encoding) == (None, "unmaskable")


def with_header(flag, text):
    plain = gzip.compress(b"x")
    return plain[:3] + bytes([flag]) + plain[4:10] + text + b"\0" + plain[10:]


@pytest.mark.parametrize(("flag", "text"), [(16, b"password=x"), (8, b"password=x")])
def test_free_text_in_a_gzip_header_is_refused(flag, text):
    """A simple file name is allowed."""
    assert inflate(with_header(flag, text), "gzip", 100) is None
    assert inflate(with_header(8, b"rows.json"), "gzip", 100) == b"x"


@pytest.mark.parametrize("start", [b"BZh9", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c"])
def test_files_that_cannot_be_decompressed_are_not_kept(start):
    assert Masker().body(start + bytes(range(256)), "") == (None, "unmaskable")


def test_undeclared_zlib_data_is_detected():
    kept, note = Masker().body(zlib.compress(b'{"password": "quokka77"}'), "")
    assert (kept, note) == ('{"password":"[masked]"}', "masked")


def test_zlib_data_is_recognized_by_its_beginning():
    """Truncated data, or data followed by other bytes, is recognized but not decoded."""
    data = zlib.compress(b"password=x" * 100)
    for body in (data, data[:-6], data + b"password=x"):
        assert encoding_by_magic(body) == "deflate"
    assert encoding_by_magic(b"\x78\x9c" + bytes(range(256))) == ""
