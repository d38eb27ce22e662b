"""Numbers in text: one style per column; codes are not numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.number_texts import Forms, form_of, has_comma, number_of


def forms_of(*texts):
    forms = Forms()
    for text in texts:
        forms.add(text)
    return forms


WRITTEN = {
    "point": (str, "{:.2f}", "{:+.1f}", "{:.3e}", " {} ", "{:.2f} €", "${:.2f}", "{}%"),
    "grouped": ("{:,.2f}", "{:,.1f} €", "£{:,.2f}"),
    "comma": ("{:_.2f}", "{:_.1f} €", "{:_.2f}%"),
}


def write(value, style, how):
    text = str(value) if how is str else how.format(value)
    return text.replace(".", ",").replace("_", ".") if style == "comma" else text


@pytest.mark.parametrize(
    ("style", "how"), [(style, how) for style, hows in WRITTEN.items() for how in hows]
)
def test_a_column_has_one_number_style(style, how):
    """Decimal points and commas, thousands separators, currency signs."""
    values = [1234.5, 0.25, 99.75, 12.0, 1_234_567.25, 7.5]
    texts = [write(value, style, how) for value in values]
    found = forms_of(*texts).style()
    assert found == style
    assert [number_of(text, found) for text in texts] == pytest.approx(values, rel=1e-2, abs=0.06)


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["1 234,5", "7"], "comma"),
        (["1\u202f234,5", "7"], "comma"),
        (["1'234.50", "7"], "grouped"),
        (["1,234", "5,678"], "grouped"),
        (["1.234", "5.678"], "point"),
        (["1.234", "5,6"], "comma"),
        (["12,5", "1.5"], None),
        (["007", "123"], None),
        (["12e4", "555"], None),
        (["1e5", "2.5e5"], "point"),
        (["+4915123456789", "+12125550123"], None),
        (["+15", "-3"], "point"),
        (["1_000"], None),
        (["0x1F"], None),
        (["1.2.3"], None),
        (["1", "x"], None),
        (["١٢"], None),
        ([], "point"),
    ],
)
def test_ambiguous_numbers_have_one_value_and_codes_none(texts, style):
    """Leading zeros, exponents after integers and underscores are typical of codes."""
    assert forms_of(*texts).style() == style


def test_other_columns_resolve_an_ambiguous_style():
    """In a table with decimal commas 1.234 is more than a thousand."""
    columns = [forms_of("1.234", "5.678"), forms_of("1,5"), forms_of("x")]
    assert has_comma(columns) and columns[0].style(comma=True) == "comma"
    assert not has_comma([*columns, forms_of("0.5")])


@given(st.text(max_size=30))
def test_any_text_is_accepted(text):
    """Text without a number style is not a number."""
    for style in ("point", "comma", "grouped"):
        number = number_of(text, style)
        assert (number is None) or form_of(text)


@given(st.floats(allow_nan=False))
def test_floats_are_parsed_exactly(value):
    assert number_of(repr(value)) == value


def test_a_very_long_number_is_not_parsed():
    """Python would reject it."""
    assert number_of("1" * 5000) is None
