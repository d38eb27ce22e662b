"""A value is found in all its forms in texts; similar text is unchanged."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.value_forms import ERASED, ValueForms, as_number

VALUES = [
    "ann-7f3e",
    "ann+1@example.org",
    "o'brien 55",
    'q"uote-71',
    "ünïcode nämé",
    "李小龙-1973",
    "back`tick",
    "back\\slash-8",
    "per%cent/31",
    "70012345678",
    "1234567.25",
    "-98765.5",
    "new\nline-9",
]
WRITERS = {
    "as it is": str,
    "repr": repr,
    "JSON": json.dumps,
    "JSON with its letters": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)),
    "a repr in JSON": lambda value: json.dumps(repr(value)),
    "a path": lambda value: f"/users/{quote(value, safe='')}/x",
    "a path in small letters": lambda value: f"/users/{quote(value, safe='').lower()}/x",
    "a query": lambda value: f"a=1&user={quote_plus(value)}&b=2",
    "JSON in a query": lambda value: f"filter={quote(json.dumps({'user': value}))}",
    "a category": lambda value: "`" + repr(value)[1:-1].replace("`", "\\`") + "`",
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("value", VALUES)
def test_each_form_is_erased(value, writer):
    """The words around it are unchanged."""
    text = WRITERS[writer](value)
    if (
        writer.endswith("small letters")
        and quote(value, safe="").lower() != quote(value.lower(), safe="").lower()
    ):
        pytest.skip("its letters are others in small")
    found = ValueForms(value).replaced(f"before {text} after")
    assert ERASED in found and found.startswith("before ") and found.endswith(" after")
    assert text not in found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234567.25", "max went to 1234567.25, 20 rows"),
        ("1234567.25", "max went to 1,234,567, 20 rows"),
        ("1234567.25", "fraction of '1.23457e+06' went up"),
        ("1234567.25", '{"x": 1.23456725e6}'),
        ("70012345678", "x: value 7.0012345678e10 in 9 % of rows"),
        ("70012345678", "x: value 70012345678.0 in 9 % of rows"),
        ("-98765.5", "from -98765.5 to 3"),
        ("1e3", "x: value 1000 in 9 % of rows"),
        ("7", "x: value 7 in 9 % of rows"),
        ("7.0", "x: fraction of '7' went from 5 % to 9 %"),
        ("7", "x: no value above 7 in 1,000 rows, 4.9 % before"),
        ("7", "x: values outside 7 to 9 went from 1 % to 5 %"),
        ("9", "x: median is still 8, but the middle 90 % of values now range from 3 to 9"),
    ],
)
def test_numbers_in_sentences_about_their_field(value, text):
    found = ValueForms(value).replaced(text, about=True, sentence=True)
    assert found.count(ERASED) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7", "x: 7 % of rows, 7 rows, drift 7, corrected for 7 columns, in 1 of 7 windows"),
        ("1", "x: chance of this without drift: under 1 in 1,000,000 windows"),
        ("12345", "x: median went from 3 to 4 in 12,345 rows"),
        ("0.5", "x: missing values went from 0.2 % to 4 % (up to 0.5 in windows of the reference)"),
        ("1000000", "x: under 1 in 1,000,000 windows"),
        ("true", "it is true that x moved"),
        ("red", "red_cars: fraction of 'blue' went up in red cars"),
        ("ann", "joann and annex, ann-marie, ann@example.org"),
        ("ann-7f3e", "ann-7f3e1 and xann-7f3e and ann-7f3e-2"),
        ("70012345678", "700123456789 and 170012345678 and 70012345678.5"),
        ("1.5", "version 1.5.2 of 11.5"),
        ("miller", "miller: median went from 3 to 4"),
    ],
)
def test_other_text_is_unchanged(value, text):
    """Counts, names, longer words and numbers in our own sentences."""
    assert ValueForms(value).replaced(text, about=True, sentence=True) == text


@pytest.mark.parametrize("value", ["1", "7", "42", "true", "null", "red"])
def test_a_common_value_is_kept_in_texts_about_other_fields(value):
    text = f"line {value} of {value} failed after {value} tries: /v{value}/{value}"
    assert ValueForms(value).replaced(text) == text
    assert ValueForms(value).is_common


def test_a_cut_value_is_erased():
    forms = ValueForms("ann-7f3e@example.org")
    assert forms.replaced("value 'ann-7f3e@exa…") == "value '[erased]…"
    assert forms.replaced("value 'ann…") == "value 'ann…"


@given(st.integers(-(2**70), 2**70), st.integers(1, 5))
def test_large_integers_are_compared_exactly(number, step):
    """64-bit ids differ in their last digits."""
    assert ValueForms(str(number)).equals(number)
    assert not ValueForms(str(number)).equals(number + step)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_found_in_all_forms(value):
    forms = ValueForms(repr(value))
    found = (value, repr(value), f"{value:.17e}", json.dumps(value))
    assert all(map(forms.equals, found))


@given(st.text(max_size=30), st.text(min_size=1, max_size=10))
def test_any_text_can_be_searched_for_any_value(text, value):
    """And an erased value is gone."""
    forms = ValueForms(value)
    found = forms.replaced(text, about=True)
    assert forms.replaced(found, about=True) == found or value in ERASED


def test_composed_and_decomposed_accents_are_equal():
    """Keyboards write one form, file names another."""
    for value, found in (("zo\u00eb-7f3e", "zoe\u0308-7f3e"), ("zoe\u0308-7f3e", "zo\u00eb-7f3e")):
        assert ValueForms(value).equals(found)
        assert ValueForms(value).replaced(f"/users/{quote(found)}") == "/users/[erased]"
    assert not ValueForms("zo\u00eb-7f3e").equals("zoe-7f3e")


def test_undecodable_bytes_can_be_searched():
    """A terminal with another encoding may pass partial characters."""
    assert ValueForms("ann\udcff").replaced("ann") == "ann"


def test_numbers_beyond_all_limits_are_text():
    assert as_number("1e99999999999999999999999") is None
    assert not ValueForms("1e9999").equals(1.5)
