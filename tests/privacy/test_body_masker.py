"""Bodies of any type."""

from __future__ import annotations

import gzip
import json

from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.masker import Masker

SECRET = "qz7f3a"
TYPES = [
    "application/json",
    "text/plain; charset=utf-16",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "",
]
CHARSETS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gbk", "cp1252"]


def multipart(body):
    return b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + body + b"\r\n--x--\r\n"


wrappings = st.lists(st.sampled_from(["json", "multipart", "gzip", "list"]), max_size=3)


@given(wrappings, st.sampled_from(CHARSETS), st.sampled_from(["password", "userPin", "apiKey"]))
def test_a_secret_is_not_kept_in_any_wrapping(wrapped, charset, name):
    """JSON in JSON, in parts, compressed, in any encoding, under any declared type."""
    text, encoding, body = json.dumps({"é": 1, name: SECRET}, ensure_ascii=False), "", None
    for wrapping in wrapped:
        if wrapping == "json":
            text = json.dumps({"body": text})
        elif wrapping == "list":
            text = f"[{text}]"
    body = text.encode(charset, "replace")
    kinds = [*TYPES, f"application/json; charset={charset}"]
    if "multipart" in wrapped:
        body, kinds = multipart(body), ["multipart/form-data; boundary=x"]
    if "gzip" in wrapped:
        body, encoding = gzip.compress(body), "gzip"
    for content_type in kinds:
        masker = Masker()
        kept, _ = masker.body(body, encoding, content_type)
        raw = kept.encode() if isinstance(kept, str) else kept or b""
        if encoding and raw.startswith(b"\x1f\x8b"):
            raw = gzip.decompress(raw)
        assert SECRET.encode() not in raw.replace(b"\0", b"")


@given(st.binary(max_size=200), st.sampled_from(TYPES), st.sampled_from(["", "gzip", "br", "a,b"]))
def test_any_bytes_of_any_type_give_a_body_or_a_reason(body, content_type, encoding):
    kept, note = Masker().body(body, encoding, content_type)
    assert kept is not None or note == "unmaskable"


def test_the_depth_of_nested_parts_is_limited():
    body, boundary = b"pin: qz7f3a", ""
    for depth in range(6):
        head = (
            f"Content-Type: multipart/mixed; boundary={boundary}\r\n".encode() if boundary else b""
        )
        boundary = f"b{depth}"
        mark = b"--" + boundary.encode()
        body = mark + b"\r\n" + head + b"\r\n" + body + b"\r\n" + mark + b"--\r\n"
    kept, note = Masker().body(body, "", f"multipart/mixed; boundary={boundary}")
    assert SECRET not in str(kept) and note in ("masked", "unmaskable")


def test_ebcdic_text_and_an_encoded_part_without_boundary_are_not_kept():
    """Neither contains a name in ASCII letters."""
    ebcdic = '{"password": "quokka77"}'.encode("cp037")
    assert Masker().body(ebcdic, "", "application/json") == (None, "unmaskable")
    encoded = b"--a\r\nContent-Transfer-Encoding: base64\r\n\r\ncGFzc3dvcmQ9eA==\r\n--a--\r\n"
    assert Masker().body(encoded, "", "multipart/mixed; boundary=b") == (None, "unmaskable")
