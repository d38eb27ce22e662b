"""One name for each class in both sides' spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_TRUE = frozenset(("1", "true", "yes", "on", "t", "y"))
_FALSE = frozenset(("0", "false", "no", "off", "f", "n"))
_BOOLEANS = {"true": "1", "false": "0"}
"""JSON's booleans equal Python's 1 and 0, and one feed may contain both."""


class ClassNames:
    """Names of classes that both sides share, in the labels' spelling.

    `true`, `1` and `yes` are one class if all values are such words, and case is ignored, unless
    one side spells two of its classes so: then each spelling is a class.

    Args:
        sides: the classes of the labels, of the predictions, and of others to compare them with, by
            `class_name`; the first spelling counts.

    >>> names = ClassNames({"0", "1"}, {"true", "false"})
    >>> names("true"), names("1")
    ('1', '1')
    """

    def __init__(self, *sides: Iterable[str]) -> None:
        ordered = [sorted(set(side)) for side in sides]
        self._key: Callable[[str], str | None] = str
        for key in _KEYS:
            if all(_is_one_to_one(key, side) for side in ordered):
                self._key = key
                break
        self._spelling: dict[str, str] = {}
        for side in ordered:
            for name in side:
                self._spelling.setdefault(self._key(name) or name, name)

    def __call__(self, name: str) -> str:
        """Return the shared name of a class; the class itself if it is unknown."""
        return self._spelling.get(self._key(name) or name, name)


def boolean_of(name: str) -> str | None:
    """Return "1" or "0" for a word that means true or false, else None.

    >>> boolean_of("Yes"), boolean_of("false"), boolean_of("cat")
    ('1', '0', None)
    """
    word = name.casefold()
    return "1" if word in _TRUE else "0" if word in _FALSE else None


def _is_one_to_one(key: Callable[[str], str | None], side: list[str]) -> bool:
    """Return whether all names of a side have keys, and all keys are different."""
    plain = {_BOOLEANS.get(name, name) for name in side}
    keys = {key(name) for name in side}
    return None not in keys and len(keys) == len(plain)


_KEYS: tuple[Callable[[str], str | None], ...] = (boolean_of, str.casefold)
"""Tried in this order; if neither is one to one, each spelling is a class."""
