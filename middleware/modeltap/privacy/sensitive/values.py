"""Values that are sensitive by their format, regardless of their name: addresses, numbers, keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# Each pattern is anchored or bounded in length, so that search time is linear in the text's length.
KNOWN = {
    "email": r"(?<![\w.%+-])[\w.%+-]++@[\w-]++(?:\.[\w-]++)+",
    "phone": r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{2,4}[ .-])"
    r"\d{3,4}[ .-]?\d{3,4}(?![\w.])",
    "card": r"(?<![\d.])(?:\d[ -]?){12,18}\d(?![\d.])",
    "key": r"(?:sk|pk|rk)[-_][\w-]{16,}+|gh[pousr]_\w{20,}+|AKIA[0-9A-Z]{16}|xox[abpr]-[\w-]{10,}+"
    r"|(?<![\w-])eyJ[\w-]++\.[\w-]++\.[\w-]++|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----",
}
"""The names that the option `mask_values` accepts; any other item is a regular expression."""


class SensitiveValues:
    """Finds and replaces values by their format.

    `current` is the pattern being searched, which identifies the slow pattern after a timeout.

    >>> SensitiveValues(["email", "card"]).masked("a@b.org paid by 4111 1111 1111 1111", str.upper)
    'A@B.ORG paid by 4111 1111 1111 1111'
    >>> SensitiveValues(["card"]).masked("4111-1111-1111-1111, not 4111-1111-1111-1112", len)
    '19, not 4111-1111-1111-1112'
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        named = tuple(patterns)
        self._patterns = [(name, re.compile(KNOWN.get(name, name))) for name in named]
        self.are_custom = any(name not in KNOWN for name in named)
        self.current = ""

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def masked(self, text: str, replace: Callable[[str], object]) -> str:
        """Return `text` with each sensitive value replaced by the result of `replace`."""
        for name, pattern in self._patterns:
            self.current = name
            is_card = name == "card"

            def replaced(match: re.Match[str], is_card: bool = is_card) -> str:
                value = match[0]
                return value if is_card and not _is_card_number(value) else str(replace(value))

            text = pattern.sub(replaced, text)
        self.current = ""
        return text


def _is_card_number(text: str) -> bool:
    """Return True if a number passes the Luhn check, which nine in ten other numbers fail."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
