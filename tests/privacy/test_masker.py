"""Sensitive data must not reach the disk."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.bodies.body_text import cut_at_character
from modeltap.privacy.marks import MASK
from modeltap.privacy.masker import Masker

masker = Masker()


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Passwd",
        "user_token",
        "apiKey",
        "api-key",
        "X-API-Key",
        "secret",
        "Authorization",
        "cookie",
        "session_id",
        "csrf",
        "credentials",
        "privateKey",
        "signature",
        "ssn",
        "card_number",
        "cvv",
        "refresh_tokens",
    ],
)
def test_sensitive_names_are_masked_at_any_depth_for_any_value(name):
    """Objects, lists, numbers and nulls under such a name are masked."""
    for value in ("x", 7, None, [1], {"a": "b"}):
        body = json.dumps({"rows": [{"deep": {name: value}}], "age": 3}).encode()
        text, note = masker.body(body, "")
        assert json.loads(text) == {"rows": [{"deep": {name: MASK}}], "age": 3}
        assert note == "masked"


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "authority",
        "max_tokens",
        "tokenizer",
        "secretary",
        "className",
        "monkey",
        "discard",
        "passenger_count",
    ],
)
def test_harmless_names_are_left_alone(name):
    """Names that only contain the letters of a sensitive name; the body is unchanged."""
    body = json.dumps({name: 1}).encode()
    assert masker.body(body, "") == (body.decode(), None)


def test_a_name_hidden_by_a_duplicate_key_does_not_leak():
    """The masked document is stored, because the text has both values of the key."""
    text, note = masker.body(b'{"a": {"password": "x"}, "a": 1}', "")
    assert "x" not in text.replace("masked", "") and note == "masked"


def test_a_name_written_with_escapes_is_found():
    r"""JSON may encode p as \u0070."""
    text, _ = masker.body(rb'{"\u0070assword": "hunter2"}', "")
    assert "hunter2" not in text


def test_text_that_does_not_parse_is_kept_only_without_a_sensitive_name():
    """Truncated JSON and forms with a password are dropped; prose is kept."""
    assert masker.body(b"user=a&password=b", "") == (None, "unmaskable")
    assert masker.body(b'{"password": "hun', "") == (None, "unmaskable")
    assert masker.body(b"hello there", "") == ("hello there", None)
    assert masker.body("password: é".encode("latin-1"), "") == (None, "unmaskable")
    assert masker.body("password: x".encode("utf-16"), "") == (None, "unmaskable")


def test_compressed_bodies_are_searched():
    """Clean ones stay unchanged, others are stored masked, unknown encodings are dropped."""
    clean, dirty = gzip.compress(b'{"x": 1}'), gzip.compress(b'{"token": 1}')
    assert masker.body(clean, "gzip") == (clean, None)
    assert masker.body(dirty, "gzip") == ('{"token":"[masked]"}', "masked")
    assert masker.body(b"whatever", "br") == (None, "unmaskable")
    bomb = gzip.compress(b"0" * 50_000_000)
    assert masker.body(bomb, "gzip") == (None, "unmaskable")


def test_added_patterns_mask_too():
    """Even where the defaults find nothing."""
    own = Masker(body_fields=["^phone$", "e.?mail"])
    text, _ = own.body(b'{"phone": 1, "email": "a@b", "phones": 2}', "")
    assert json.loads(text) == {"phone": MASK, "email": MASK, "phones": 2}
    assert own.body(b"phone=1", "") == (None, "unmaskable")


@given(st.binary(max_size=300))
def test_any_bytes_give_text_bytes_or_a_reason(body):
    """Nothing raises, and the result can be stored."""
    kept, note = masker.body(body, "")
    assert kept is not None or note == "unmaskable"
    if isinstance(kept, str):
        kept.encode()
        assert "\0" not in kept


documents = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(documents)
def test_a_secret_under_a_masked_name_never_survives(document):
    """At any position of the name in a document."""
    body = json.dumps({"a": document, "password": "hunter2-unique"}).encode()
    kept, _ = masker.body(body, "")
    assert "hunter2-unique" not in (kept or "")


@given(st.text(max_size=20), st.integers(0, 80))
def test_truncating_text_anywhere_leaves_text(text, at):
    """Characters are not split."""
    cut_at_character(text.encode()[:at]).decode()


def test_hashes_keep_equal_values_equal_and_need_the_key():
    """The same value gives the same hash, another key another hash; numbers and objects, too."""
    custom = Masker(how="hash", key="first")
    text, note = custom.body(b'{"rows": [{"token": "a"}, {"token": "a"}, {"token": {"b": 1}}]}', "")
    first, second, third = (row["token"] for row in json.loads(text)["rows"])
    assert first == second != third and note == "masked"
    assert first.startswith("[hash:") and len(first) == len("[hash:]") + 16
    other, _ = Masker(how="hash", key="second").body(b'{"token": "a"}', "")
    assert json.loads(other)["token"] != first
    assert custom.query("token=a") == "token=" + first.replace("[", "%5B").replace(
        ":", "%3A"
    ).replace("]", "%5D")
    assert custom.header("x-api-key", "a") == first


def test_dropping_takes_the_name_too():
    """In bodies, queries and headers."""
    dropping = Masker(how="drop")
    assert dropping.body(b'{"password": "p", "age": 7}', "") == ('{"age":7}', "masked")
    assert dropping.query("token=t&age=7") == "age=7"
    assert dropping.header("authorization", "x") is None


def test_values_are_masked_by_format_in_any_place():
    """In texts, numbers, names, lists and text that is not JSON; similar values stay."""
    looking = Masker(values=["email", "card", "phone", "key", r"\bPAT-\d+"])
    document = {
        "note": "write to ann@example.org or +1 212 555 0100",
        "n": 4111111111111111,
        "rows": [["PAT-77", "sk-abcdefghijklmnop1234"]],
        "bob@example.org": 1,
        "time": "2013-03-01T05:15:00Z",
        "big": 4111111111111112,
        "x": 1.25,
        "yes": True,
    }
    text, note = looking.body(json.dumps(document).encode(), "")
    assert json.loads(text) == {
        "note": f"write to {MASK} or {MASK}",
        "n": MASK,
        "rows": [[MASK, MASK]],
        MASK: 1,
        "time": "2013-03-01T05:15:00Z",
        "big": 4111111111111112,
        "x": 1.25,
        "yes": True,
    }
    assert note == "masked"
    assert looking.body(b"from ann@example.org, cut her", "") == (f"from {MASK}, cut her", "masked")
    assert looking.body("ännä@example.org".encode("latin-1"), "") == (None, "unmaskable")
    assert looking.query("q=ann@example.org") == "q=%5Bmasked%5D"
    assert looking.body(b'{"x": 1}', "") == ('{"x": 1}', None)


@pytest.mark.parametrize("before", [b'{"phone2": 1}', b'{"phone": 1}', b'{"x": "phone1"}', b"[]"])
def test_a_custom_pattern_is_checked_for_each_name(before):
    """Regardless of earlier clean bodies: one more digit makes another name."""
    own = Masker(body_fields=["^phone1$"])
    for _ in range(3):
        own.body(before, "")
        assert own.body(b'{"phone1": 1}', "") == ('{"phone1":"[masked]"}', "masked")


def test_the_cache_of_clean_strings_does_not_cover_other_names():
    """Strings are cached, not bodies."""
    custom = Masker()
    for _ in range(2):
        assert custom.body(b'{"xpwd": 1, "monkey": 2.5}', "")[1] is None
        assert custom.body(b'{"xpwd": 77, "monkey": 3}', "")[1] is None
    assert custom.body(b'{"x1pwd": 1, "monkey": 2.5}', "")[1] == "masked"
    assert custom.body(b'{"x pwd": 1, "monkey": 2.5}', "")[1] == "masked"
    assert custom.body(b'{"monkey": 1, "a": {"password": 2}, "a": 3}', "")[1] == "masked"
    assert custom.body(b'{"monkey": "password=x"}', "")[1] == "masked"
    assert custom.body(b'{"monkey": ["a", "password"], "b": [1, "x"]}', "")[1] == "masked"


def test_an_unmasked_name_is_kept_unless_a_pattern_masks_it():
    freed = Masker(unmasked=["^auth_method$", "^session"], body_fields=["session_key"])
    body = b'{"auth_method":"sso","sessions":"a","session_key":"b","token":"c"}'
    text, _ = freed.body(body, "")
    assert json.loads(text) == {
        "auth_method": "sso",
        "sessions": "a",
        "session_key": MASK,
        "token": MASK,
    }


def test_a_body_beyond_the_budget_is_dropped_and_the_next_one_is_not():
    custom = Masker(budget=1000)
    body = json.dumps({"token": 1, "rows": [{"a": 1}] * 600}).encode()
    custom.begin()
    assert custom.body(body, "") == (None, "unmaskable")
    custom.begin()
    assert custom.body(b'{"token": 1}', "") == ('{"token":"[masked]"}', "masked")


def test_a_slow_pattern_drops_one_body_and_is_logged_once():
    custom = Masker(body_fields=["(a+)+$"])
    slow = json.dumps({"a" * 40 + "!": 1}).encode()
    assert custom.body(slow, "") == (None, "unmaskable")
    assert custom.body(b'{"b": 1}', "") == (None, "unmaskable")  # searching is paused
    (message,) = custom.messages()
    assert "(a+)+$" in message and custom.messages() == []


SLOW_TEXT = "a" * 40 + "!"


@pytest.mark.parametrize(
    ("option", "kept_of"),
    [
        ("headers", lambda custom: custom.header(SLOW_TEXT, "qz7f3a")),
        ("query_params", lambda custom: custom.query(f"{SLOW_TEXT}=qz7f3a")),
        ("values", lambda custom: custom.path(f"/qz7f3a/{SLOW_TEXT}")),
    ],
)
def test_a_slow_pattern_of_any_option_is_stopped(option, kept_of):
    custom = Masker(**{option: ["(a+)+$"]})
    assert "qz7f3a" not in (kept_of(custom) or "")
    assert len(custom.messages()) == 1


hostile = st.sampled_from(
    [
        "token",
        "a",
        "=",
        ":",
        '\\"',
        "\\\\",
        "<",
        ">",
        "%41",
        "&#",
        "--",
        "/",
        " ",
        "{",
        "[",
        "@",
        "eyJ",
        ",",
    ]
)


@given(st.lists(hostile, min_size=1, max_size=6), st.integers(50, 400), st.booleans())
def test_the_steps_are_linear_in_the_bytes(pieces, times, is_value):
    """For any repetition in a body, inside a document or on its own."""
    text = "".join(pieces) * times
    body = (json.dumps({"token": 1, "x": text}) if is_value else text).encode()
    custom = Masker(values=["email", "phone", "card", "key"])
    custom.body(body, "")
    assert custom.steps <= 20 + len(body)


keys = st.sampled_from(["names", "data", "token", "key", "value", "a"])
nested = st.recursive(
    st.just("x") | st.just("token") | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=60,
)


@given(nested)
def test_the_steps_are_linear_in_the_document(document):
    """Adjacent names, nested tables: nothing is checked once per other item."""
    body = json.dumps([document] * 20).encode()
    custom = Masker()
    custom.body(body, "")
    assert custom.steps <= 20 + 12 * len(body)


@pytest.mark.parametrize(
    "value", ["123456789012345678901234567890", "-0.1", "1e308", '"\\ud800"', '"é"', "null"]
)
def test_masking_leaves_other_values_unchanged(value):
    """Long numbers, lone surrogates and letters have the same value when they are read again."""
    text, note = masker.body(f'{{"token": 1, "x": {value}}}'.encode(), "")
    assert note == "masked"
    assert json.loads(text)["x"] == json.loads(value)
    text.encode()


def test_masked_documents_are_valid_json():
    """NaN and infinity, which JSON lacks, become null, so that SQLite can read the rest."""
    text, _ = masker.body(b'{"token": 1, "x": NaN, "y": -Infinity, "z": 1e400, "w": 1}', "")
    assert json.loads(text) == {"token": MASK, "x": None, "y": None, "z": None, "w": 1}


@pytest.mark.parametrize(
    "url", ["//ann:qz7f@h/x", r"https:\/\/ann:qz7f@h", r"{\"u\":\"https:\\/\\/ann:qz7f@h\"}"]
)
def test_a_password_in_a_url_is_masked_with_escaped_slashes(url):
    """Without a name in the body and a scheme in the URL; PHP escapes slashes in JSON."""
    text, note = masker.body(f'{{"u": "{url}"}}'.encode(), "")
    assert "qz7f" not in text and note == "masked"


def with_tail(**tensor):
    head = {"id": "a", "inputs": [{"datatype": "FP32", **tensor}]}
    return json.dumps(head).encode() + b"\xff\xfe\0\x01" * 500


def test_json_followed_by_bytes_is_kept_only_without_a_sensitive_name():
    """A field or a tensor, in any spelling, and if the end of the JSON is not found."""
    clean = with_tail(name="x", parameters={"content": "the token"})
    assert masker.body(clean, "") == (clean, None)
    for dirty in (
        with_tail(name="password"),
        b" \n" + with_tail(name="password"),
        with_tail(token=1),
        with_tail(name="x").replace(b'"x"', rb'"\u0070assword"'),
        b'{"id": {"password": 1}, "id": 2}' + b"\xff\0" * 50,
        b'{"password": ' + b"\xff\0" * 50,
    ):
        assert masker.body(dirty, "") == (None, "unmaskable")
    assert Masker(body_fields=["^x$"]).body(clean, "") == (None, "unmaskable")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/fetch/https://ann:qz7f@h.example/x", "/fetch/https://[masked]@h.example/x"),
        ('/filter/{"password": "qz7f"}', '/filter/{"password": "[masked]"}'),
        ("/token//qz7f", "/token//[masked]"),
        ("/token%2Fqz7f", "/token/[masked]"),
        ("/fetch/a=1&token=qz7f", "/fetch/a=1&token=[masked]"),
        ("/v1/models/m:predict", "/v1/models/m:predict"),
    ],
)
def test_texts_within_a_path_are_masked(path, kept):
    """URLs, JSON, pairs and escapes."""
    assert masker.path(path) == kept


@pytest.mark.parametrize("value", ["token=qz7f", "https://h/?token=qz7f", '{"token": "qz7f"}'])
def test_a_header_that_is_always_stored_has_no_secret(value):
    """Content types, encodings and request ids."""
    assert "qz7f" not in masker.line(value)
    assert masker.line("text/plain; charset=utf-8") == "text/plain; charset=utf-8"
    assert masker.line("req-1a2b") == "req-1a2b"
