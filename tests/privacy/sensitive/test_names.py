"""Sensitive names: real ones, similar ones, and the cache."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.sensitive.names import (
    MAX_CACHED_BYTES,
    SensitiveNames,
    has_no_word,
    may_be_first_half,
    may_contain_name,
    remember,
)

SENSITIVE = (
    "Authorization",
    "api_key",
    "X-API-Key",
    "apiKey",
    "client_secret",
    "access_tokens",
    "password",
    "pwd",
    "Set-Cookie",
    "sessionid",
    "csrf",
    "credentials",
    "private-key",
    "ssn",
    "card_number",
    "cvv2",
    "storageKey",
    "license_key",
)
PLAIN = ("author", "authentic", "max_tokens", "tokenizer", "age", "f0")
ONLY_TEXTS = ("pin", "userPin", "otp", "pinCode", "otp_code", "securityCode", "mfa_code", "cvn")
MEASURES = (
    "session_duration",
    "sessions",
    "sessions_7d",
    "cookies",
    "revenue_per_session",
    "pages_per_session",
    "session_start_hour",
    "session_depth",
    "token_position",
    "password_strength",
    "auth_attempts",
    "iban_valid",
    "credit_card_balance",
)


@pytest.mark.parametrize("name", SENSITIVE)
def test_sensitive_names_are_found_in_any_spelling(name):
    names = SensitiveNames()
    assert names.is_sensitive(name) and names.is_sensitive(name.upper())
    assert names.occur_in(f"x={name}&y") and may_contain_name(name)


@pytest.mark.parametrize("name", ["homePhone", "HOME_PHONE", "home-phone", "home phone"])
def test_an_anchored_pattern_matches_any_spelling_of_a_name(name):
    assert SensitiveNames(["^home_phone$"]).masks(name, "qz7f")
    assert not SensitiveNames(["^home$"]).masks(name, "qz7f")


@pytest.mark.parametrize("name", PLAIN)
def test_names_that_only_look_sensitive_are_not(name):
    assert not SensitiveNames().is_sensitive(name)


@pytest.mark.parametrize("name", [*ONLY_TEXTS, *MEASURES])
@pytest.mark.parametrize("number", [35, 2.5, True, [1, 2]])
def test_numbers_are_features_under_names_of_measures_or_everyday_words(name, number):
    names = SensitiveNames()
    assert not names.masks(name, number)
    assert names.masks(name, "qz7f-3a") and names.may_occur_in(f'{{"{name}": "qz7f-3a"}}'.encode())


@pytest.mark.parametrize("name", ["session", "session_id", "card_number", "sessionKey", "ssn"])
def test_other_numbers_may_be_secrets(name):
    assert SensitiveNames().masks(name, 35)


@given(st.sampled_from(SENSITIVE), st.text('0123456789{}[]:,." ', max_size=30))
def test_the_cheap_check_misses_no_name(name, around):
    """A text that passes it is not searched, so it may have false positives only."""
    names = SensitiveNames()
    body = f'{around}"{name}": {around}'.encode()
    assert names.may_occur_in(body) and names.may_occur_in(body)


def test_clean_bodies_are_cached_by_their_letters_within_bounds():
    names = SensitiveNames()
    assert not names.may_occur_in(b'{"age": 1}') and not names.may_occur_in(b'{"age": 22.5}')
    assert not names.may_occur_in(b"a" * (MAX_CACHED_BYTES + 1))
    known = set()
    for number in range(1000):
        remember(known, str(number).encode())
        assert str(number).encode() in known and len(known) <= 256


def test_added_patterns_are_anchored_in_names_and_free_in_text():
    names = SensitiveNames(["^Phone$"])
    assert names.custom and not SensitiveNames().custom
    assert names.is_sensitive("PHONE") and not names.is_sensitive("telephones")
    assert names.occur_in("my phone is 1") and not SensitiveNames().occur_in("my phone is 1")
    assert names.is_sensitive("password")


def test_a_text_without_a_word_has_no_default_name():
    """Names of two letters or less are not sensitive by default, however they are spelt."""
    for name in (
        *SENSITIVE,
        *ONLY_TEXTS,
        "%70%77d",
        "\\u0070w",
        "pі",
        "&#112;",
        "//a:b@c",
        "p-i-n",
    ):
        assert not has_no_word(name), name
    for text in ("2026-01-31T06:00:00Z", "", "7", "B6", "--:--"):
        assert has_no_word(text), text
        assert not may_contain_name(text) and not may_be_first_half(text)


@given(st.text("ab7:-%&@\\/#уZ", max_size=6))
def test_the_fast_check_agrees_with_the_whole_one(text):
    if has_no_word(text):
        assert not may_contain_name(text) and not may_be_first_half(text)
        assert not SensitiveNames().is_sensitive(text)


def test_two_bodies_are_known_clean_only_with_the_same_halves():
    """Learned from bodies that were searched on their own; the place of the border counts."""
    names = SensitiveNames()
    pair = (b'{"foo_to": 1}', b'{"ken": 2}')
    assert not names.are_known_clean(*pair)
    assert not any(map(names.may_occur_in, pair))
    assert names.are_known_clean(*pair) and names.are_known_clean(b'{"foo_to": 3}', pair[1])
    for other in (
        (b'{"foo": 1}', b'{"token": 2}'),
        (b'{"foo_token": 1}', b"{}"),
        (b'{"foo_to": 1}', b'{"ken": "&#116;"}'),
        (b'{"foo_to&ken": 1}', b""),
        (b'{"foo_to": 1}', '{"ken": "\u0442"}'.encode()),
    ):
        assert not names.are_known_clean(*other), other
    assert names.may_occur_in(b'{"x": "foo_to&ken"}') is SensitiveNames().may_occur_in(
        b'{"x": "foo_to&ken"}'
    )
