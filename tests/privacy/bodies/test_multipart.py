"""Multipart bodies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.bodies.multipart import is_multipart, parts_of
from modeltap.privacy.masker import Masker

SECRET = "qz7f3a"
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
TYPE = "multipart/form-data; boundary=xYz"


def part(name, content, content_type="", filename="", end=b"\r\n", more=b""):
    head = b'Content-Disposition: form-data; name="%s"' % name.encode()
    head += b'; filename="%s"' % filename.encode() if filename else b""
    head += end + b"Content-Type: " + content_type.encode() if content_type else b""
    return b"--xYz" + end + head + end + more + end + content + end


def body(*parts, end=b"\r\n"):
    return b"".join(parts) + b"--xYz--" + end


def kept_of(whole, content_type=TYPE, **options):
    kept, note = Masker(**options).body(whole, "", content_type)
    return kept.encode() if isinstance(kept, str) else kept, note


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_fields_next_to_a_file_are_masked_and_the_file_is_kept(end):
    whole = body(
        part("user", b"ann", end=end),
        part("password", SECRET.encode(), end=end),
        part("image", IMAGE, "image/png", "cat.png", end=end),
        end=end,
    )
    kept, note = kept_of(whole)
    assert note == "masked" and kept == whole.replace(SECRET.encode(), b"[masked]")
    names = [part.name for part in parts_of(kept, TYPE)]
    assert names == ["user", "password", "image"]


@pytest.mark.parametrize(
    "hidden",
    [
        part("meta", json.dumps({"token": SECRET}).encode(), "application/json"),
        part("meta", json.dumps({"token": SECRET}).encode("utf-16"), "application/json"),
        part("meta", b"password=" + SECRET.encode()),
        part("card[number]", SECRET.encode()),
        part("pin", SECRET.encode(), "text/plain; charset=utf-8"),
        part("file", SECRET.encode(), "text/plain", "private_key.pem"),
        part("private_key", SECRET.encode(), "application/octet-stream", "a.bin"),
        part("meta", b"cXo3ZjNh", more=b"Content-Transfer-Encoding: base64\r\n"),
        part("meta", b"a,token\n1," + SECRET.encode(), "text/csv", "a.csv"),
        part("a", b"x", "text/plain", f"token={SECRET}.txt"),
        b"--xYz\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\npin: "
        + SECRET.encode()
        + b"\r\n--in--\r\n\r\n",
    ],
)
@pytest.mark.parametrize("how", ["mark", "hash", "drop"])
def test_a_secret_is_found_in_each_kind_of_part(hidden, how):
    whole = body(part("image", IMAGE, "image/png", "cat.png"), hidden)
    kept, note = kept_of(whole, how=how, key="k")
    assert note in ("masked", "unmaskable")
    assert SECRET.encode() not in (kept or b"") and b"cXo3ZjNh" not in (kept or b"")


@pytest.mark.parametrize(
    ("whole", "content_type"),
    [
        (body(part("password", SECRET.encode())), "multipart/form-data"),
        (body(part("password", SECRET.encode())), "multipart/form-data; boundary=other"),
        (body(part("password", SECRET.encode())), f"{TYPE}; boundary=other"),
        (b"preamble " + body(part("pin", SECRET.encode())), TYPE),
        (body(part("pin", SECRET.encode())) + b"epilogue", TYPE),
        (b"--xYz\r\nContent-Disposition: form-data; name=password\r\n" + SECRET.encode(), TYPE),
    ],
)
def test_ambiguous_bodies_are_not_kept(whole, content_type):
    kept, note = kept_of(whole, content_type)
    assert SECRET.encode() not in (kept or b"") and note in ("masked", "unmaskable")


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "text/plain"])
def test_parts_are_found_without_a_multipart_type(content_type):
    whole = body(part("pin", SECRET.encode()), part("image", IMAGE, "image/png", "cat.png"))
    kept, note = kept_of(whole, content_type)
    assert note == "masked" and kept == whole.replace(SECRET.encode(), b"[masked]")


@given(st.integers(0, 400))
def test_a_truncated_body_has_no_secret(at):
    whole = body(part("user", b"ann"), part("password", SECRET.encode()), part("i", IMAGE))
    kept, _ = kept_of(whole[:at])
    assert SECRET[:4].encode() not in (kept or b"")


def test_bodies_without_a_name_are_kept_unchanged():
    whole = body(part("user", b"ann"), part("image", IMAGE, "image/png", "cat.png"))
    assert kept_of(whole) == (whole, None)
    assert is_multipart("Multipart/Mixed; boundary=a") and not is_multipart("text/plain")
