"""Texts of an exchange do not quote what was masked in it."""

from __future__ import annotations

import pytest

from modeltap.privacy.masked_values import MaskedValues
from modeltap.privacy.masker import Masker


@pytest.mark.parametrize("value", ["quokka77", "it's \\ 'so'", "line\nend", "é密码é", 123456, 1.25])
@pytest.mark.parametrize("form", [str, repr])
def test_a_quoted_value_is_replaced(value, form):
    values = MaskedValues()
    values.add([{"a": [value]}])
    assert values.without(f"invalid: {form(value)}!").strip("'\"! ").startswith("invalid: ")
    assert form(value).strip("'\"") not in values.without(f"invalid: {form(value)}!")


def test_short_values_stay_for_they_are_parts_of_words():
    values = MaskedValues()
    values.add(["abc", True, None, 7])
    assert values.without("abc True None 7") == "abc True None 7"


def test_a_text_about_too_many_values_is_not_kept():
    values = MaskedValues()
    values.add([f"value{number}" for number in range(1000)])
    assert values.without("a text") is None
    values.clear()
    assert values.without("a text") == "a text"


@pytest.mark.parametrize("how", ["mark", "hash", "drop"])
def test_the_next_exchange_begins_anew(how):
    masker = Masker(how=how, key="k")
    masker.begin()
    masker.body(b'{"password": "quokka77"}', "")
    assert "quokka77" not in masker.without_masked("no such user: quokka77")
    masker.begin()
    assert masker.without_masked("quokka77") == "quokka77"
