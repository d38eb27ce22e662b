"""A quick look at JSON: a body all of whose strings are known to be clean needs no masking."""

from __future__ import annotations

from collections.abc import Callable

from modeltap.privacy.limits import Budget

_REMEMBERED = 4096
_LONGEST = 100
"""Clients choose names and texts, so the memory of them is bounded."""

_OUTSIDE = b" \t\r\n{}[],:+-.0123456789eE"
_WORDS = (b"true", b"false", b"null")


class CleanStrings:
    """Remembers strings that are neither sensitive names nor texts with a name in them.

    Strings are judged one by one, whether they are names or values, so that neither the shape of a
    body nor the order of its names matters.

    >>> strings = CleanStrings(lambda text: text != "token", Budget(100))
    >>> strings.are_all_in(b'{"age": 7, "x": ["a", null]}'), strings.are_all_in(b'{"token": 1}')
    (True, False)
    >>> strings.are_all_in(b"age: 7")
    False
    """

    def __init__(self, is_clean: Callable[[str], bool], budget: Budget) -> None:
        self._is_clean = is_clean
        self._budget = budget
        self._known: set[bytes] = set()

    def are_all_in(self, body: bytes) -> bool:
        """Say whether `body` reads as JSON, and all its strings are clean; False where unsure."""
        if b"\\" in body:
            return False
        parts = body.split(b'"')
        outside = b"".join(parts[::2]).translate(None, _OUTSIDE)
        for word in _WORDS:
            if not outside:
                break
            outside = outside.replace(word.translate(None, _OUTSIDE), b"")
        if outside or len(parts) % 2 == 0:
            return False
        strings = parts[1::2]
        return self._known.issuperset(strings) or all(map(self._learn, set(strings) - self._known))

    def _learn(self, string: bytes) -> bool:
        self._budget.spend()
        if not self._is_clean(string.decode()):
            return False
        if len(string) <= _LONGEST:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add(string)
        return True
