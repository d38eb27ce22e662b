"""Sensitive names: of headers, query parameters and body fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = (
    # 'auth' but not author or authority; 'token' but not max_tokens, whose count is no secret.
    r"auth(?!or(?!i[sz]))",
    r"api[-_ ]?key",
    r"secret(?!ar)",
    r"token(?!s|i[sz])",
    r"(?:access|refresh|auth|api|id)[-_ ]?tokens",
    r"passw",
    r"passphrase",
    r"(?<![a-z])pwd(?![a-z])",
    r"cookie",
    r"session",
    r"csrf",
    r"xsrf",
    r"credential",
    r"private[-_ ]?key",
    r"signature",
    r"(?<![a-z])ssn(?![a-z])",
    r"card[-_ ]?n(?:umber|o|um)(?![a-z])",
    r"(?<![a-z])cv[vc]2?(?![a-z])",
)

_TO_LETTERS = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))
_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha() and byte != 92)
"""Most of a row's JSON is digits and punctuation: without them the search is three times shorter,
and `api_key`, `api-key` and `apiKey` are one word."""

_REMEMBERED = 256
REMEMBERED_BYTES = 4096
"""How many clean texts are remembered, and how long each may be: a megabyte at most."""

_REMEMBERED_NAMES = 4096
_LONGEST_NAME = 100
"""Clients choose the names, so the memory of them is bounded."""


class SensitiveNames:
    """The safe defaults, and the patterns that were added to them.

    >>> names = SensitiveNames(["^phone$"])
    >>> names.is_sensitive("Phone"), names.is_sensitive("password2"), names.is_sensitive("age")
    (True, True, False)
    """

    def __init__(self, added: Iterable[str] = ()) -> None:
        patterns = tuple(added)
        self.are_added = bool(patterns)
        self._pattern = compiled(patterns)
        # In text that is no JSON a field's name has no beginning and no end to anchor to.
        self._anywhere = compiled(pattern.strip("^$") for pattern in patterns)
        self._known: dict[str, bool] = {}
        self._clean: set[bytes] = set()

    def is_sensitive(self, name: str) -> bool:
        """Say whether a field's name is one to mask; of each it is worked out once."""
        try:
            return self._known[name]
        except KeyError:
            sensitive = self._pattern.search(name.lower()) is not None
            if len(self._known) < _REMEMBERED_NAMES and len(name) <= _LONGEST_NAME:
                self._known[name] = sensitive
            return sensitive

    def are_in(self, text: str) -> bool:
        """Say whether a sensitive name is anywhere in `text`."""
        return self._anywhere.search(text.lower()) is not None

    def may_be_in(self, body: bytes) -> bool:
        """A cheap check: say whether one of the defaults can be in `body` at all.

        Without its digits and punctuation one request of a model mostly reads like the next, so
        what was clean once is remembered.
        """
        letters = _letters(body)
        if letters in self._clean:
            return False
        if _stems_in(letters):
            return True
        if len(letters) <= REMEMBERED_BYTES:
            remember(self._clean, letters)
        return False


def stem_in(text: str) -> bool:
    """Say whether the stem of a default name is in `text`; nothing is remembered."""
    return _stems_in(_letters(text.encode()))


def remember(known: set[bytes], text: bytes) -> None:
    """Add `text` to what is `known`, which begins anew when it is full."""
    if len(known) >= _REMEMBERED:
        known.clear()
    known.add(text)


def compiled(added: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds the default names and the `added` ones in lower-case text."""
    return re.compile("|".join((*_NAMES, *(pattern.lower() for pattern in added))))


def _letters(body: bytes) -> bytes:
    return body.translate(_TO_LETTERS, _NO_LETTERS)


def _stems_in(text: bytes) -> bool:
    """Say whether a stem of a sensitive name is in `text`, lower-cased letters and backslashes.

    Written out, because a loop would cost as much as the search.
    """
    return (
        b"auth" in text
        or b"key" in text
        or b"secret" in text
        or b"token" in text
        or b"pass" in text
        or b"pwd" in text
        or b"cookie" in text
        or b"session" in text
        or b"srf" in text
        or b"credential" in text
        or b"signature" in text
        or b"ssn" in text
        or b"card" in text
        or b"cvv" in text
        or b"cvc" in text
        or b"\\u" in text
    )
