"""Text in other encodings than UTF-8 is masked as text."""

from __future__ import annotations

import json

import pytest

from modeltap.privacy.charsets import is_no_ascii, is_text_type, looks_like_text, readings
from modeltap.privacy.masker import Masker

TEXT = '{"password": "quokka77", "b": "%s"}'
LETTERS = {"gbk": "密码", "shift_jis": "秘密", "latin-1": "é", "cp1251": "ж", "big5": "密"}
WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("charset", [*LETTERS, *WIDE, "utf-7", "cp037", "iso-2022-jp"])
def test_json_in_its_declared_charset_is_masked_by_field(charset):
    letters = LETTERS.get(charset, "x")
    body = (TEXT % letters).encode(charset)
    kept, note = Masker().body(body, "", f'application/json; charset="{charset}"')
    assert note == "masked" and json.loads(kept) == {"password": "[masked]", "b": letters}


@pytest.mark.parametrize("charset", WIDE)
@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain; charset=latin-1"])
def test_wide_letters_are_seen_without_a_declared_charset(charset, content_type):
    kept, note = Masker().body((TEXT % "密码é").encode(charset), "", content_type)
    assert note == "masked" and "quokka" not in kept


@pytest.mark.parametrize("charset", LETTERS)
@pytest.mark.parametrize("content_type", ["", "application/json", "text/csv; charset=unknown"])
def test_names_in_an_unknown_charset_make_a_body_unmaskable(charset, content_type):
    body = (TEXT % (LETTERS[charset] * 200)).encode(charset)
    assert Masker().body(body, "", content_type) == (None, "unmaskable")


def test_ebcdic_is_looked_for_in_declared_text():
    assert Masker().body((TEXT % "x").encode("cp037"), "", "text/plain")[1] == "unmaskable"


def test_clean_text_is_kept_to_the_byte():
    for charset, letters in LETTERS.items():
        body = json.dumps({"a": letters}, ensure_ascii=False).encode(charset)
        assert Masker().body(body, "", f"application/json; charset={charset}") == (body, None)


def test_a_byte_order_mark_does_not_hide_fields():
    body = (TEXT % "x").encode("utf-8-sig")
    assert Masker().body(body, "") == ('{"password":"[masked]","b":"x"}', "masked")
    clean = '{"age": 7}'.encode("utf-8-sig")
    assert Masker().body(clean, "") == (clean.decode(), None)


def test_what_is_no_charset_is_ignored():
    for name in ("zip", "rot13", "idna-x", "nonsense"):
        assert readings(b"abc", f"text/plain; charset={name}") == []
        assert not is_no_ascii(f"text/plain; charset={name}")


def test_types_and_bytes_of_text_are_told_from_images():
    assert all(map(is_text_type, ["text/csv", "application/problem+json", "application/xml"]))
    assert not any(map(is_text_type, ["", "image/png", "application/octet-stream"]))
    assert looks_like_text("密码".encode("gbk") * 9) and not looks_like_text(bytes(range(256)))
