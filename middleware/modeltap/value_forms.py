"""Forms of one value in texts: quoted, escaped, as a part of a URL, a number rounded for people."""

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
"""Stands where a value was erased."""

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
"""No leading zeros: 007 is a text."""

_NUMBER_IN_TEXT = re.compile(
    r"(?:(?<![\w.)])-)?(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)(?!\.\d)", re.ASCII
)

_BEFORE_A_VALUE = re.compile(
    r"(?:value |above |below |beyond |from |to |still |median is |outside |['\"`]|[\d.]-)$"
)
"""The words before a value in a sentence, or a quote; others stand before counts and rates."""

_AFTER_A_COUNT = re.compile(r" ?(?:%|rows\b|of\b|h\b|windows\b|in [\d,]+ windows)")

_FEW_DIGITS = 5
"""Fewer significant digits are no person's alone: counts and rates in sentences have so many."""

_SHORT = 4
"""Texts of fewer letters occur in others: they are replaced in quotes only."""

_NO_NAMES = frozenset(("true", "false", "null", "none", "nan", "yes", "no", "unknown", "missing"))

_NESTED = 2
"""Depth of JSON in JSON: a body as a text in a message."""

_CUT_LETTERS = 6
"""So many letters of a value are erased where a message was cut within it."""


class ValueForms:
    """One value, as it may stand in texts.

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
        """Whether it says too little to be told from other values and numbers in a text."""
        if self.number is not None:
            return significant_digits(self.value) < _FEW_DIGITS
        return len(self.value) < _SHORT or self.value.lower() in _NO_NAMES

    def equals(self, found: object) -> bool:
        """Say whether a value, as JSON has it, is this one in any form.

        >>> [ValueForms("7").equals(found) for found in (7, 7.0, "7", "7.0", "07", True)]
        [True, True, True, True, False, False]
        """
        if found is None or isinstance(found, bool):
            return {None: "null", True: "true", False: "false"}[found] == self.value
        if isinstance(found, str):
            known = found in self._written or normalize("NFC", found) in self._written
            return known or same_number(found, self.value)
        if isinstance(found, (int, float)):
            return same_number(repr(found), self.value)
        return False

    def is_in(self, text: str) -> bool:
        """Say whether the value stands in `text`, in any form that is not common."""
        return self.replaced(text) != text

    def replaced(self, text: str, *, about: bool = False, sentence: bool = False) -> str:
        """Return `text` with `[erased]` in the value's place.

        Args:
            about: whether it speaks of the value's field, so that short numbers are meant, too.
            sentence: whether it is one of ours, which quotes each value but numbers: a word
                without quotes is a name in it.
        """
        text = self._quoted.sub(rf"\1{ERASED}\1", text)
        if not self.is_common and not (sentence and self.value.isalpha()):
            text = self._without_cut(self._plain.sub(ERASED, text))
        if self.number is not None and not (self.is_common and not about):
            text = with_numbers_erased(text, self._is_number, about=about, sentence=sentence)
        return text

    @cached_property
    def _written(self) -> tuple[str, ...]:
        """The value with its accents in letters and beside them, and its hashes."""
        value = self.value
        return (value, normalize("NFC", value), normalize("NFD", value), *self.also)

    @cached_property
    def _forms(self) -> list[str]:
        found = dict.fromkeys(self._written)
        for value in list(found):
            quoted = repr(value)[1:-1]
            found |= dict.fromkeys((quoted, value.replace("`", "\\`"), quoted.replace("`", "\\`")))
        for _ in range(_NESTED):
            found |= dict.fromkeys(escaped for form in found for escaped in _escaped(form))
        for form in list(found):
            urls = (quote(form, safe="", errors="replace"), quote_plus(form, errors="replace"))
            found |= dict.fromkeys((*urls, quote(form, errors="replace")))
        return sorted(found, key=len, reverse=True)

    @cached_property
    def _pattern(self) -> str:
        # Escapes are written with large and small letters.
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
        if self.number is not None:  # and no part of a longer one
            start, end = rf"(?<!\d[.,]){start}", rf"{end}(?!\.\d)"
        return re.compile(f"{start}(?:{self._pattern}){end}")

    def _without_cut(self, text: str) -> str:
        """Return `text` without a beginning of the value at the end of a text that was cut."""
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
    """Return the number that a text is in JSON, None for another text.

    >>> as_number("1e3") == as_number("1000.0"), as_number("007"), as_number("nan")
    (True, None, None)
    """
    try:
        return Decimal(text) if _JSON_NUMBER.fullmatch(text) else None
    except InvalidOperation:  # an exponent of twenty digits
        return None


def same_number(one: str, other: str) -> bool:
    """Say whether two texts are one number in JSON: whole ones to the last digit, else as floats.

    >>> same_number("1e3", "1000"), same_number("9007199254740993", "9007199254740992")
    (True, False)
    """
    a, b = as_number(one), as_number(other)
    if a is None or b is None:
        return False
    whole = one.lstrip("-").isdigit() and other.lstrip("-").isdigit()
    if a == b or whole or math.isinf(float(a)):
        return a == b
    return float(a) == float(b)


def _escaped(form: str) -> tuple[str, str]:
    return json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]


def significant_digits(text: str) -> int:
    """Return how many digits of a number tell it from others.

    >>> [significant_digits(text) for text in ("7", "1200000", "0.0012", "1,234,567.25", "1.5e3")]
    [1, 2, 2, 9, 2]
    """
    digits = re.sub(r"[^\d]", "", re.split("[eE]", text)[0])
    return len(digits.strip("0"))


def rounded(value: float) -> frozenset[str]:
    """Return how sentences write a number.

    >>> sorted(rounded(1234567.25))
    ['1,234,567', '1.23457e+06', '1234567.25']
    """
    return frozenset((number(value), f"{value:.10g}", f"{value:.6g}"))


def with_numbers_erased(
    text: str, is_erased: Callable[[str], bool], *, about: bool, sentence: bool = True
) -> str:
    """Return `text` with `[erased]` for numbers, written as people do, that `is_erased`.

    One of few digits is replaced only where a value is meant, in a text `about` its field; in a
    `sentence` no count is.

    >>> has = {"7", "12,345"}.__contains__
    >>> with_numbers_erased("x: value 7 in 7 % of 12,345 rows", has, about=True)
    'x: value [erased] in 7 % of 12,345 rows'
    """

    def erased(match: re.Match[str]) -> str:
        found = match[0]
        is_count = sentence and _AFTER_A_COUNT.match(text, match.end())
        is_short = significant_digits(found) < _FEW_DIGITS
        meant = about and _BEFORE_A_VALUE.search(text, 0, match.start())
        if is_count or (is_short and not meant) or not is_erased(found):
            return found
        return ERASED

    return _NUMBER_IN_TEXT.sub(erased, text)
