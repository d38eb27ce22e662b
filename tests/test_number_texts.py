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


MONEY = ("USD {}", "{} EUR", "{}CHF", "US$ {}", "R${}", "₹{}", "kr {}", "{} zł", "{} руб")
UNITS = ("{} km", "{}kg", "{} m", "{} °C", "{} MB", "{} mmHg", "{} m²", "{} days", "{}\u202f%")
AFFIXES = (*MONEY, *UNITS)
WRITTEN = {
    "point": (str, "{:.2f}", "{:+.1f}", "{:.3e}", " {} ", "{:.2f} €", "${:.2f}", "{}%"),
    "grouped": ("{:,.2f}", "{:,.1f} €", "£{:,.2f}"),
    "comma": ("{:_.2f}", "{:_.1f} €", "{:_.2f}%"),
}
for style, plain in (("point", "{:.2f}"), ("grouped", "{:,.2f}"), ("comma", "{:_.2f}")):
    WRITTEN[style] += tuple(affix.replace("{}", plain) for affix in AFFIXES)


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
        (["1\u2019234.50", "7"], "grouped"),
        (["12,34,567.5", "1,23,456"], "grouped"),
        (["12A", "7"], None),
        (["C3", "S5"], None),
        (["12L", "3L"], None),
        (["user 7", "user 8"], None),
        (["3rd", "1st"], None),
        (["5 apples", "6 apples"], None),
        (["007 km", "12 km"], None),
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


@pytest.mark.parametrize("affix", ["{}", *AFFIXES])
@pytest.mark.parametrize("sign", ["-{}", "\u2212{}", "({})"])
def test_amounts_below_zero_are_negative(sign, affix):
    """Also with the minus sign of typography, in brackets, and around a currency."""
    for text in (affix.replace("{}", sign.format("12.5")), sign.format(affix.format("12.5"))):
        assert number_of(text) == -12.5, text
