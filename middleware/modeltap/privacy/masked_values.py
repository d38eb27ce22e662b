"""The values that were masked in one exchange, to be found again in texts that quote them."""

from __future__ import annotations

import json

MASK = "[masked]"
"""What stands in the place of a masked value."""

_SHORTEST = 4
"""Shorter values are parts of ordinary words: a text would be destroyed without them."""

_MAX_VALUES = 500
_MAX_CHARACTERS = 65_536
"""A body that is captured has no more; a text about one that has is not kept."""


class MaskedValues:
    """Collects what was masked, and leaves it out of other texts of the same exchange.

    >>> values = MaskedValues()
    >>> values.add({"pin": 1234, "word": "hunter2"})
    >>> values.without("invalid literal: 'hunter2', 1234")
    "invalid literal: '[masked]', [masked]"
    """

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._characters = 0

    def clear(self) -> None:
        """Begin the next exchange."""
        self._texts.clear()
        self._characters = 0

    def add(self, value: object) -> None:
        """Note the texts and numbers of a value that was masked."""
        waiting = [value]
        while waiting and not self._is_full():
            value = waiting.pop()
            if isinstance(value, dict):
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
            elif value is not None and not isinstance(value, bool):
                self._note(str(value))

    def _is_full(self) -> bool:
        return len(self._texts) >= _MAX_VALUES or self._characters >= _MAX_CHARACTERS

    def _note(self, text: str) -> None:
        text = text.strip()
        if len(text) >= _SHORTEST and text not in self._texts:
            self._texts.add(text)
            self._characters += len(text)

    def without(self, text: str) -> str | None:
        """Return `text` with the values in it replaced; None where too many were masked to tell."""
        if self._is_full():
            return None
        for value in sorted(self._texts, key=len, reverse=True):
            for form in dict.fromkeys((value, repr(value)[1:-1], json.dumps(value)[1:-1])):
                text = text.replace(form, MASK)
        return text
