"""Numbers as texts: with a decimal point or comma, separators of thousands, a currency's sign."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Style = Literal["point", "comma", "grouped"]
"""How a column writes numbers: 1234.5, then 1234,5 or 1.234,5, then 1,234.5."""

POINT, COMMA, GROUPED = 1, 2, 4
"""The styles in which a text is a number, as bits."""

SURE_POINT, SURE_COMMA, CODE, SHORT = 8, 16, 32, 64
"""What else a number shows: a decimal point or comma that is no separator of thousands, a leading
zero as codes have it, and an exponent behind a whole number as codes may have it, too."""

_MISSING_WORDS = """
    na n/a nan -nan null none nat <na> 1.#ind -1.#ind 1.#qnan -1.#qnan #n/a #na #nv #n/d #div/0!
    #value! #wert! #valeur! #valor! #ref! #bezug! #name? #num! #zahl! #null!
"""
MISSING = frozenset(("", *_MISSING_WORDS.split()))
"""Texts that stand for a missing value, in lower case: pandas' own, and Excel's errors."""

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
"""A whole number of so many digits behind a plus is a telephone's."""

_MOST_DIGITS = 4000
"""Python refuses to read whole numbers of more than 4,300 digits."""


@lru_cache(maxsize=65_536)
def form_of(text: str) -> int:
    """Return in which styles a text is a number, and what it shows; 0 if it is none.

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
    """Return the number that a text is in a style; None if it is none.

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
    """The numbers of a column: in which styles all of them are, and what they show."""

    __slots__ = ("all", "any")

    def __init__(self) -> None:
        self.all, self.any = _STYLES, 0

    def add(self, text: str) -> None:
        """Take one more text into account."""
        form = form_of(text)
        self.all &= form
        self.any |= form

    def style(self, comma: bool = False) -> Style | None:
        """Return the style of the column; None if it has no numbers, or they are codes.

        Args:
            comma: whether the other columns of its table have decimal commas.

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
    """Say whether a table's numbers have decimal commas: some do, and none has a decimal point."""
    shown = [one.any for one in columns if one.all & _STYLES]
    return any(one & SURE_COMMA for one in shown) and not any(one & SURE_POINT for one in shown)
