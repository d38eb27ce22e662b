"""A fast check of JSON: a body needs no masking if all its strings are known to be clean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from modeltap.privacy.limits import Budget

_MAX_CACHED = 4096
_MAX_LENGTH = 100
"""Bounds of the cache, because clients choose names and texts."""

_OUTSIDE = b" \t\r\n{}[],:+-.0123456789eE"
_WORDS = (b"true", b"false", b"null")

T = TypeVar("T", bytes, str)


class CleanStrings:
    """Caches strings that are neither sensitive names nor texts that contain one.

    Each string is checked on its own, as a name and as a value, so that neither the shape of a
    body nor the order of its names matters. A search in all new strings at once comes first.

    Args:
        is_clean: the check of one string.
        has_no_name: a cheap check of a text, which is False if a part of the text is not clean.

    >>> strings = CleanStrings(lambda text: text != "token", lambda _: False, Budget(100))
    >>> strings.are_all_in(b'{"age": 7, "x": ["a", null]}'), strings.are_all_in(b'{"token": 1}')
    (True, False)
    >>> strings.are_all_in(b"age: 7")
    False
    """

    def __init__(
        self, is_clean: Callable[[str], bool], has_no_name: Callable[[str], bool], budget: Budget
    ) -> None:
        self._is_clean = is_clean
        self._has_no_name = has_no_name
        self._budget = budget
        self._known: set[bytes] = set()
        self._known_texts: set[str] = set()

    def are_all_in(self, body: bytes) -> bool:
        """Return True if `body` looks like JSON with only clean strings; False if uncertain."""
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
        if self._known.issuperset(strings):
            return True
        new = set(strings) - self._known
        if len(new) > 1 and self._has_no_name(b"\n".join(new).decode()):
            self._budget.spend(len(new))
            _remember(self._known, new)
            return True
        return all(map(self._check, new))

    def are_known(self, texts: Iterable[str]) -> bool:
        """Return True if all `texts` were found clean before."""
        return self._known_texts.issuperset(texts)

    def are_clean(self, texts: Iterable[str]) -> bool:
        """Return True if all `texts` are clean: the names and values of one document."""
        new = set(texts) - self._known_texts
        if len(new) > 1 and self._has_no_name("\n".join(new)):
            self._budget.spend(len(new))
            _remember(self._known_texts, new)
            return True
        return all(map(self._check_text, new))

    def _check(self, string: bytes) -> bool:
        self._budget.spend()
        if not self._is_clean(string.decode()):
            return False
        _remember(self._known, (string,))
        return True

    def _check_text(self, text: str) -> bool:
        self._budget.spend()
        if not self._is_clean(text):
            return False
        _remember(self._known_texts, (text,))
        return True


def _remember(known: set[T], strings: Collection[T]) -> None:
    if len(known) + len(strings) > _MAX_CACHED:
        known.clear()
    if len(strings) <= _MAX_CACHED:
        known.update([string for string in strings if len(string) <= _MAX_LENGTH])
