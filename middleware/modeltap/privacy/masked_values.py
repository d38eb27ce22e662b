"""Values that were masked in an exchange, because an exception's message may quote them."""

from __future__ import annotations

from modeltap.store.text import storable_text

_MIN_LENGTH = 4
"""Shorter values occur in other words by chance."""

_MAX_VALUES = 1000
_MAX_CHARACTERS = 65_536


class MaskedValues:
    """A bounded set of masked values, in the forms in which they may be quoted.

    >>> before = MaskedValues()
    >>> before.add(["hunter2", 4111, 7])
    >>> before.replaced_in("no such user: 'hunter2', 4111 or 7", "***")
    "no such user: '***', *** or 7"
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._room = _MAX_CHARACTERS
        self._is_incomplete = False

    def forget(self) -> None:
        """Clear the values for the next exchange."""
        self._is_incomplete = False
        if self._values:
            self._values = set()
            self._room = _MAX_CHARACTERS

    def add(self, value: object) -> None:
        """Remember a masked value, or all values inside an object or a list."""
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                self.add(inner)
        elif value is not None and not isinstance(value, bool):
            text = str(value)
            is_room = len(self._values) < _MAX_VALUES and len(text) <= self._room
            if len(text) >= _MIN_LENGTH and is_room:
                self._values.add(text)
                self._room -= len(text)
            elif not is_room:
                self._is_incomplete = True

    def replaced_in(self, text: str, mark: str) -> str:
        """Return `text` with the values replaced by `mark`; only `mark` if there are too many."""
        if self._is_incomplete:
            return mark
        # Longest first, because a shorter value may be part of a longer one.
        for value in sorted(self._values, key=len, reverse=True):
            for form in {value, repr(value)[1:-1], storable_text(value)} - {""}:
                text = text.replace(form, mark)
        return text
