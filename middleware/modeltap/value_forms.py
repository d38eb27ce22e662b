"""Forms of a value in texts: quoted, escaped, URL-encoded, or rounded."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cached_property
from unicodedata import normalize
from urllib.parse import quote, quote_plus

from modeltap.wording import number

ERASED = "[erased]"
"""Replacement of an erased value."""

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
"""Excludes leading zeros: 007 is text."""

_NUMBER_IN_TEXT = re.compile(
    r"(?:(?<![\w.)])-)?(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)(?!\.\d)", re.ASCII
)

_BEFORE_A_VALUE = re.compile(
    r"(?:value |above |below |beyond |from |(?<!up )to |still |median is |outside |['\"`]|[\d.]-)$"
)
"""Words or quotes before a value in a sentence. Other words precede counts and rates."""

_AFTER_A_COUNT = re.compile(r" ?(?:%|rows\b|of\b|h\b|windows\b|in [\d,]+ windows)")

_FEW_DIGITS = 5
"""Numbers with fewer significant digits do not identify a person; counts and rates have as few."""

_SHORT = 4
"""Shorter texts may occur in other words, so they are replaced only in quotes."""

_NO_NAMES = frozenset(("true", "false", "null", "none", "nan", "yes", "no", "unknown", "missing"))

_NESTED = 2
"""Nesting depth of JSON in JSON, such as a body in a message."""

_CUT_LETTERS = 6
"""Minimum length of a value's beginning to erase at the end of a cut message."""


class ValueForms:
    """A value in all forms that may occur in texts.

    >>> ValueForms("ann@example.org").replaced("GET /users/ann%40example.org/risk")
    'GET /users/[erased]/risk'
    >>> ValueForms("1234567.25").replaced("max went to 1,234,567, 20 rows")
    'max went to [erased], 20 rows'
    >>> ValueForms("red").replaced("fraction of 'red' went from 5 % to 9 % in red_cars")
    "fraction of '[erased]' went from 5 % to 9 % in red_cars"
    """

    def __init__(self, value: str, *also: str) -> None:
        self.value = value
        self.also = also
        self.number = as_number(value)

    @cached_property
    def is_common(self) -> bool:
        """True if the value is too common to be distinguished from other text."""
        if self.number is not None:
            return significant_digits(self.value) < _FEW_DIGITS
        return len(self.value) < _SHORT or self.value.lower() in _NO_NAMES

    def equals(self, other: object) -> bool:
        """Return True if a JSON value is this one in any form.

        >>> [ValueForms("7").equals(other) for other in (7, 7.0, "7", "7.0", "07", True)]
        [True, True, True, True, False, False]
        """
        if other is None or isinstance(other, bool):
            return {None: "null", True: "true", False: "false"}[other] == self.value
        if isinstance(other, str):
            known = other in self._written or normalize("NFC", other) in self._written
            return known or same_number(other, self.value)
        if isinstance(other, (int, float)):
            return same_number(repr(other), self.value)
        return False

    def is_in(self, text: str) -> bool:
        """Return True if the value occurs in `text` in a form that is not common."""
        return self.replaced(text) != text

    def replaced(self, text: str, *, about: bool = False, sentence: bool = False) -> str:
        """Return `text` with the value replaced by `[erased]`.

        Args:
            about: True if the text is about the value's field, so that short numbers match, too.
            sentence: True for an explanation of ours, in which all values except numbers are
                quoted and an unquoted word is a name.
        """
        text = self._quoted.sub(rf"\1{ERASED}\1", text)
        if not self.is_common and not (sentence and self.value.isalpha()):
            text = self._without_cut(self._plain.sub(ERASED, text))
        if self.number is not None and not (self.is_common and not about):
            text = with_numbers_erased(text, self._is_number, about=about, sentence=sentence)
        return text

    @cached_property
    def _written(self) -> tuple[str, ...]:
        """The value with composed and decomposed accents, and its hashes."""
        value = self.value
        return (value, normalize("NFC", value), normalize("NFD", value), *self.also)

    @cached_property
    def _forms(self) -> list[str]:
        forms = dict.fromkeys(self._written)
        for value in list(forms):
            quoted = repr(value)[1:-1]
            forms |= dict.fromkeys((quoted, value.replace("`", "\\`"), quoted.replace("`", "\\`")))
        for _ in range(_NESTED):
            forms |= dict.fromkeys(escaped for form in forms for escaped in _escaped(form))
        for form in list(forms):
            urls = (quote(form, safe="", errors="replace"), quote_plus(form, errors="replace"))
            forms |= dict.fromkeys((*urls, quote(form, errors="replace")))
        return sorted(forms, key=len, reverse=True)

    @cached_property
    def _pattern(self) -> str:
        # Hexadecimal digits in escapes may be upper or lower case.
        return "|".join(
            re.sub(r"(%[0-9A-F]{2}|\\\\u[0-9a-f]{4})", r"(?i:\1)", re.escape(form))
            for form in self._forms
        )

    @cached_property
    def _quoted(self) -> re.Pattern[str]:
        return re.compile(rf"(\\?[\"'`])(?:{self._pattern})\1")

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        start = r"(?:(?<![\w@-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
        end = r"(?![\w@-])"
        if self.number is not None:  # not a part of a longer number
            start, end = rf"(?<!\d[.,]){start}", rf"{end}(?!\.\d)"
        return re.compile(f"{start}(?:{self._pattern}){end}")

    def _without_cut(self, text: str) -> str:
        """Replace a beginning of the value at the end of a cut text."""
        if not text.endswith("…"):
            return text
        for form in self._forms:
            for length in range(len(form) - 1, _CUT_LETTERS - 1, -1):
                if text.endswith(f"{form[:length]}…"):
                    return f"{text[: -length - 1]}{ERASED}…"
        return text

    def _is_number(self, text: str) -> bool:
        return self.number is not None and (
            same_number(text.replace(",", ""), self.value) or text in rounded(float(self.number))
        )


def as_number(text: str) -> Decimal | None:
    """Parse a JSON number; return None for other texts.

    >>> as_number("1e3") == as_number("1000.0"), as_number("007"), as_number("nan")
    (True, None, None)
    """
    try:
        return Decimal(text) if _JSON_NUMBER.fullmatch(text) else None
    except InvalidOperation:  # an exponent of twenty digits
        return None


def same_number(left: str, right: str) -> bool:
    """Return True if two texts are the same JSON number; integers are compared exactly.

    >>> same_number("1e3", "1000"), same_number("9007199254740993", "9007199254740992")
    (True, False)
    """
    a, b = as_number(left), as_number(right)
    if a is None or b is None:
        return False
    integers = left.lstrip("-").isdigit() and right.lstrip("-").isdigit()
    if a == b or integers or math.isinf(float(a)):
        return a == b
    return float(a) == float(b)


def _escaped(form: str) -> tuple[str, str]:
    return json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]


def significant_digits(text: str) -> int:
    """Return the number of significant digits.

    >>> [significant_digits(text) for text in ("7", "1200000", "0.0012", "1,234,567.25", "1.5e3")]
    [1, 2, 2, 9, 2]
    """
    digits = re.sub(r"[^\d]", "", re.split("[eE]", text)[0])
    return len(digits.strip("0"))


def rounded(value: float) -> frozenset[str]:
    """Return the forms in which sentences contain a number.

    >>> sorted(rounded(1234567.25))
    ['1,234,567', '1.23457e+06', '1234567.25']
    """
    return frozenset((number(value), f"{value:.10g}", f"{value:.6g}"))


def with_numbers_erased(
    text: str, is_erased: Callable[[str], bool], *, about: bool, sentence: bool = True
) -> str:
    """Return `text` with `[erased]` for each number for which `is_erased` is True.

    A number of few digits is replaced only in the position of a value, in a text `about` its
    field. In a `sentence`, counts are never replaced.

    >>> is_erased = {"7", "12,345"}.__contains__
    >>> with_numbers_erased("x: value 7 in 7 % of 12,345 rows", is_erased, about=True)
    'x: value [erased] in 7 % of 12,345 rows'
    """

    def erased(match: re.Match[str]) -> str:
        number_text = match[0]
        is_count = sentence and _AFTER_A_COUNT.match(text, match.end())
        is_short = significant_digits(number_text) < _FEW_DIGITS
        is_value = about and _BEFORE_A_VALUE.search(text, 0, match.start())
        if is_count or (is_short and not is_value) or not is_erased(number_text):
            return number_text
        return ERASED

    return _NUMBER_IN_TEXT.sub(erased, text)
