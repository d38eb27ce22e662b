"""What an exchange had masked: an exception's text may quote it, without its name."""

from __future__ import annotations

from modeltap.store.text import storable_text

_SHORTEST = 4
"""A shorter value is in other words by chance, and is known to be masked by nobody."""

_MOST_VALUES = 1000
_MOST_CHARACTERS = 65_536


class MaskedValues:
    """The values that were masked, in the forms in which they are quoted; bounded.

    >>> before = MaskedValues()
    >>> before.add(["hunter2", 4111, 7])
    >>> before.replaced_in("no such user: 'hunter2', 4111 or 7", "***")
    "no such user: '***', *** or 7"
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._room = _MOST_CHARACTERS
        self._is_incomplete = False

    def forget(self) -> None:
        """Begin the next exchange."""
        self._is_incomplete = False
        if self._values:
            self._values = set()
            self._room = _MOST_CHARACTERS

    def add(self, value: object) -> None:
        """Remember a value that was masked; of an object or a list what is in it."""
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                self.add(inner)
        elif value is not None and not isinstance(value, bool):
            text = str(value)
            is_room = len(self._values) < _MOST_VALUES and len(text) <= self._room
            if len(text) >= _SHORTEST and is_room:
                self._values.add(text)
                self._room -= len(text)
            elif not is_room:
                self._is_incomplete = True

    def replaced_in(self, text: str, mark: str) -> str:
        """Return `text` with `mark` in the values' places; `mark` alone if too many were masked."""
        if self._is_incomplete:
            return mark
        # The longest first: a shorter one may be in it.
        for value in sorted(self._values, key=len, reverse=True):
            for form in {value, repr(value)[1:-1], storable_text(value)} - {""}:
                text = text.replace(form, mark)
        return text
