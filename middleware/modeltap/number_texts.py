"""Numbers in text: decimal points or commas, thousands separators, currencies, units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Style = Literal["point", "comma", "grouped"]
"""Number format of a column: 1234.5 ("point"), 1234,5 or 1.234,5 ("comma"), 1,234.5 ("grouped")."""

POINT, COMMA, GROUPED = 1, 2, 4
"""Bits of the styles in which a text is a number."""

SURE_POINT, SURE_COMMA, CODE, SHORT = 8, 16, 32, 64
"""Bits of further properties: a decimal point or comma that cannot be a thousands separator, a
leading zero (typical of codes), an exponent after an integer (possible in codes)."""

_MISSING_WORDS = """
    na n/a nan -nan null none nat <na> 1.#ind -1.#ind 1.#qnan -1.#qnan #n/a #na #nv #n/d #div/0!
    #value! #wert! #valeur! #valor! #ref! #bezug! #name? #num! #zahl! #null!
"""
MISSING = frozenset(("", *_MISSING_WORDS.split()))
"""Texts for missing values, in lower case: those of pandas, and Excel's errors."""

_STYLES = POINT | COMMA | GROUPED
_BITS: dict[Style, int] = {"point": POINT, "comma": COMMA, "grouped": GROUPED}

_SPACES = " \t\u00a0\u202f"
_AROUND = _SPACES + "€$£¥₹₩₽₺₫₪₱฿₴₦%"
_CURRENCY_WORDS = """
    AED ARS AUD BDT BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW
    MXN MYR NGN NOK NZD PEN PHP PKR PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR
    US$ A$ C$ R$ NZ$ HK$ S$ kr Kč zł Ft lei Rs Rs. руб руб.
"""
_CURRENCIES = frozenset(_CURRENCY_WORDS.split())
"""Codes and abbreviations of currencies."""

_UNIT_WORDS = """
    km cm mm kg mg lb lbs oz ft mi ml cl dl ms min hrs kWh kW MW MB GB TB KB MiB GiB mph km/h kph
    bpm mmHg °C °F ° px m² m³ sqm sqft kcal kJ hPa bar rpm Mbps kbps days hours minutes years yrs
"""
_UNITS = frozenset(_UNIT_WORDS.split())
_SHORT_UNITS = frozenset(("m", "g", "l", "L", "h"))
"""Units that count only after a space, because codes such as 12L have such letters, too."""

_WORD_AROUND = re.compile(
    rf"(?P<before>[^\W\d_]+[.$]?)?[{_AROUND}]*(?P<number>[-+(]?[{_AROUND}]*[.\d].*?)"
    rf"(?P<gap>[{_SPACES}]*)(?P<after>[^\W\d_][\w²³/.]*|°[CF]?)?"
)
"""A number between a word, such as a currency's code, and another, such as a unit."""

_SIGNS = str.maketrans({"\u2212": "-", "\u2019": "'"})
"""The minus sign and the apostrophe of typography, as numbers in text have them."""
_DIGITS = re.compile(r"[+-]?\d+", re.ASCII)
_POINT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?", re.ASCII)
_SHORT = re.compile(r"\d+[eE]\d+", re.ASCII)
_COMMA = re.compile(
    r"[+-]?(?:\d+|[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:[ \u00a0\u202f']\d{3})+))(?:,\d+)?", re.ASCII
)
_GROUPED = re.compile(
    r"[+-]?(?:\d+|[1-9]\d{0,2}(?:(?:,\d{3})+|(?:[ \u00a0\u202f']\d{3})+)"
    r"|[1-9]\d?(?:,\d\d)+,\d{3})(?:\.\d*)?",  # 12,34,567: the grouping of India
    re.ASCII,
)
_SEPARATORS: dict[Style, dict[int, str | None]] = {
    "comma": {**dict.fromkeys(map(ord, ". '\u00a0\u202f")), ord(","): "."},
    "grouped": dict.fromkeys(map(ord, ", '\u00a0\u202f")),
}

_PHONE_DIGITS = 7
"""An integer with a plus sign and at least this many digits is a telephone number."""

_MOST_WITH_UNIT = 40
"""A number with a currency or a unit has fewer characters. Long texts would take long to match."""

_MOST_DIGITS = 4000
"""Python does not parse integers of more than 4,300 digits."""


@lru_cache(maxsize=65_536)
def form_of(text: str) -> int:
    """Return the bits of a text's number styles and properties; 0 if it is not a number.

    >>> form_of("1.5") == POINT | GROUPED | SURE_POINT, form_of("1,5") == COMMA | SURE_COMMA
    (True, True)
    >>> form_of("1,234") == COMMA | GROUPED, form_of("x")
    (True, 0)
    >>> form_of("007") == POINT | COMMA | GROUPED | CODE
    True
    """
    if len(text) > _MOST_DIGITS:
        return 0
    text = _bare(text)
    if _DIGITS.fullmatch(text):
        digits = text.lstrip("+-")
        is_code = len(digits) > 1 and digits[0] == "0"
        is_phone = text[0] == "+" and len(digits) >= _PHONE_DIGITS
        return _STYLES | (CODE if is_code or is_phone else 0)
    form = 0
    if _POINT.fullmatch(text.lower()):
        form |= POINT | (SHORT if _SHORT.fullmatch(text) else 0)
    if _COMMA.fullmatch(text):
        form |= COMMA
    if _GROUPED.fullmatch(text):
        form |= GROUPED
    if form and not form & COMMA and "." in text:
        form |= SURE_POINT
    if form and not form & (POINT | GROUPED):
        form |= SURE_COMMA
    return form


def _bare(text: str) -> str:
    """Return a number without the currency or unit around it; other texts without spaces.

    >>> _bare("US$ 1,234.50"), _bare("12.5 km"), _bare("(3.25)"), _bare("\u221240 EUR")
    ('1,234.50', '12.5', '-3.25', '-40')
    >>> _bare("user 7"), _bare("12A"), _bare("v2")
    ('user 7', '12A', 'v2')
    """
    text = text.strip(_AROUND)
    is_plain = text.isascii() and text[-1:].isdigit() and text[:1].isdigit()
    return text if is_plain or len(text) > _MOST_WITH_UNIT else _without_unit(text)


@lru_cache(maxsize=65_536)
def _without_unit(text: str) -> str:
    """Return a short number without the currency or unit around it; other texts unchanged."""
    text = text.translate(_SIGNS)
    outer, unsigned = _split_sign(text)
    match = _WORD_AROUND.fullmatch(unsigned)
    if match is None or not _are_known(match["before"], match["after"], match["gap"]):
        return text
    inner, number = _split_sign(match["number"].strip(_AROUND))
    return text if outer and inner else outer + inner + number


def _split_sign(text: str) -> tuple[str, str]:
    """Return the sign of a number and the rest; brackets are a minus sign.

    >>> _split_sign("(5)"), _split_sign("- 5"), _split_sign("5")
    (('-', '5'), ('-', '5'), ('', '5'))
    """
    if text.startswith("(") and text.endswith(")"):
        return "-", text[1:-1].strip(_AROUND)
    return (text[:1], text[1:].lstrip(_AROUND)) if text[:1] in ("-", "+") else ("", text)


def _are_known(before: str | None, after: str | None, gap: str) -> bool:
    if before is not None and before not in _CURRENCIES:
        return False
    return (
        after is None
        or after in _CURRENCIES
        or after in _UNITS
        or bool(gap and after in _SHORT_UNITS)
    )


def number_of(text: str, style: Style = "point") -> float | int | None:
    """Parse a number of a style; return None if the text is not a number.

    >>> number_of("12"), number_of("1.234,5 €", "comma"), number_of("1,234", "grouped")
    (12, 1234.5, 1234)
    >>> number_of("1,5"), number_of("1_000"), number_of("45%")
    (None, None, 45)
    """
    if not form_of(text) & _BITS[style]:
        return None
    plain = _bare(text)
    if style != "point":
        plain = plain.translate(_SEPARATORS[style])
    return int(plain) if _DIGITS.fullmatch(plain) else float(plain)


class Forms:
    """The number styles and properties of a column."""

    __slots__ = ("all", "any")

    def __init__(self) -> None:
        self.all, self.any = _STYLES, 0

    def add(self, text: str) -> None:
        """Add a text of the column."""
        form = form_of(text)
        self.all &= form
        self.any |= form

    def style(self, comma: bool = False) -> Style | None:
        """Return the style of the column; None if it contains other texts or codes.

        Args:
            comma: True if other columns of the table have decimal commas.

        >>> forms = Forms()
        >>> for text in ("1.200", "12,5"): forms.add(text)
        >>> forms.style()
        'comma'
        """
        if self.any & CODE or (self.any & SHORT and not self.any & (SURE_POINT | SURE_COMMA)):
            return None
        order: tuple[Style, ...] = ("point", "grouped", "comma")
        order = ("comma", "point", "grouped") if comma else order
        return next((style for style in order if self.all & _BITS[style]), None)


def has_comma(columns: Iterable[Forms]) -> bool:
    """Return True if some numbers of a table have decimal commas and none a decimal point."""
    forms = [column.any for column in columns if column.all & _STYLES]
    return any(form & SURE_COMMA for form in forms) and not any(form & SURE_POINT for form in forms)
