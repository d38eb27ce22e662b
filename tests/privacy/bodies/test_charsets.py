"""Text in other encodings than UTF-8."""

from __future__ import annotations

import json

import pytest

from modeltap.privacy.bodies.charsets import hides_text, is_text_type, other_text
from modeltap.privacy.masker import Masker

SECRET = "qz7f3a"
DOCUMENT = {"name": "密码 ключ é", "password": SECRET, "age": 7}
MARKED = ["utf-8-sig", "utf-16", "utf-32"]
UNMARKED = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
DECLARED = [*UNMARKED, "gbk", "gb18030", "shift_jis", "euc-kr", "iso-8859-1", "cp1252", "utf-7"]
EBCDIC = ["cp037", "cp500", "iso2022_jp"]


def encoded(charset, document=DOCUMENT):
    return json.dumps(document, ensure_ascii=False).encode(charset, "replace")


@pytest.mark.parametrize("charset", [*MARKED, *UNMARKED])
def test_json_in_utf_16_and_32_is_masked_by_field_also_undeclared(charset):
    text, note = Masker().body(encoded(charset), "", "application/json")
    assert json.loads(text) == {**DOCUMENT, "password": "[masked]"} and note == "masked"


@pytest.mark.parametrize("charset", [*DECLARED, *EBCDIC])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/a+json"])
def test_a_declared_encoding_is_decoded(charset, content_type):
    kept, note = Masker().body(encoded(charset), "", f'{content_type}; charset="{charset}"')
    assert note == "masked" and json.loads(kept)["password"] == "[masked]"


@pytest.mark.parametrize(
    "charset", ["gbk", "gb18030", "shift_jis", "euc-kr", "iso-8859-1", "cp1252"]
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/csv", "text/plain; charset=unknown", ""]
)
@pytest.mark.parametrize("form", ["{}", "pin={}", "password: {}"])
def test_an_undeclared_encoding_is_searched_for_names(charset, content_type, form):
    body = form.replace("{}", json.dumps(DOCUMENT, ensure_ascii=False)).encode(charset, "replace")
    kept, _ = Masker().body(body, "", content_type)
    assert SECRET.encode() not in (kept or b"" if not isinstance(kept, str) else kept.encode())


@pytest.mark.parametrize("charset", [*MARKED, "gbk", "iso-8859-1", "utf-16-le"])
def test_texts_without_a_name_are_kept_unchanged(charset):
    body = encoded(charset, {"name": "é", "age": 7})
    kept, note = Masker().body(body, "", f"application/json; charset={charset}")
    assert note is None
    assert (kept.encode() if isinstance(kept, str) else kept) == body


def test_a_text_truncated_within_a_character_is_decoded():
    assert other_text("ab".encode("utf-16-le")[:-1], "text/plain; charset=utf-16-le") == "a"
    assert other_text(b"ab", "text/plain; charset=no-such") is None
    assert other_text(b"ab", "text/plain; charset=base64") is None


def test_a_declared_encoding_may_hide_a_text_in_ascii():
    assert hides_text(b"+AHAAYQ", "text/plain; charset=utf-7")
    assert not hides_text(b"{}", "application/json; charset=utf-8")
    assert not hides_text(b"{}", "application/json") and is_text_type("text/csv; charset=x")
    assert not is_text_type("image/png") and not is_text_type("application/octet-stream")
