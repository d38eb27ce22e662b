"""Numbers in text: decimal points or commas, thousands separators, currency signs."""

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

_AROUND = " \t\u00a0\u202f€$£¥%"
_DIGITS = re.compile(r"[+-]?\d+", re.ASCII)
_POINT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?", re.ASCII)
_SHORT = re.compile(r"\d+[eE]\d+", re.ASCII)
_COMMA = re.compile(
    r"[+-]?(?:\d+|[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:[ \u00a0\u202f']\d{3})+))(?:,\d+)?", re.ASCII
)
_GROUPED = re.compile(
    r"[+-]?(?:\d+|[1-9]\d{0,2}(?:(?:,\d{3})+|(?:[ \u00a0\u202f']\d{3})+))(?:\.\d*)?", re.ASCII
)
_SEPARATORS: dict[Style, dict[int, str | None]] = {
    "comma": {**dict.fromkeys(map(ord, ". '\u00a0\u202f")), ord(","): "."},
    "grouped": dict.fromkeys(map(ord, ", '\u00a0\u202f")),
}

_PHONE_DIGITS = 7
"""An integer with a plus sign and at least this many digits is a telephone number."""

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
    text = text.strip(_AROUND)
    if len(text) > _MOST_DIGITS:
        return 0
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


def number_of(text: str, style: Style = "point") -> float | int | None:
    """Parse a number of a style; return None if the text is not a number.

    >>> number_of("12"), number_of("1.234,5 €", "comma"), number_of("1,234", "grouped")
    (12, 1234.5, 1234)
    >>> number_of("1,5"), number_of("1_000"), number_of("45%")
    (None, None, 45)
    """
    if not form_of(text) & _BITS[style]:
        return None
    plain = text.strip(_AROUND)
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
