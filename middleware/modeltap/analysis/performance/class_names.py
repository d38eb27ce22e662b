"""One name for each class in both sides' spelling."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

_TRUE = frozenset(("1", "true", "yes", "on", "t", "y"))
_FALSE = frozenset(("0", "false", "no", "off", "f", "n"))
_LETTERS = (frozenset("tf"), frozenset("yn"))
"""Abbreviations of two pairs: a side that has both names letters, and not yes and no."""

_INVISIBLE = "Cf"
"""The category of signs without a width, such as a byte order mark."""


class ClassNames:
    """Names of classes that both sides share, in the labels' spelling.

    `true`, `1` and `yes` are one class if all values are such words; a feed may mix them. Otherwise
    `comparable` names are one class, unless one side spells two of its classes so: then each
    spelling is a class.

    Args:
        sides: the classes of the labels, of the predictions, and of others to compare them with, by
            `class_name`; the first spelling counts.
        apart: whether a side's own spellings of one name are classes of their own; False for names
            of groups of people.

    >>> names = ClassNames({"0", "1"}, {"true", "false"})
    >>> names("true"), names("1")
    ('1', '1')
    """

    def __init__(self, *sides: Iterable[str], apart: bool = True) -> None:
        ordered = [sorted(set(side)) for side in sides]
        self._key: Callable[[str], str | None] = str
        if all(map(_are_booleans, ordered)):
            self._key = boolean_of
        elif not apart or all(len(set(map(comparable, side))) == len(side) for side in ordered):
            self._key = comparable
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


def comparable(name: str) -> str:
    """Return a name without differences that people do not see: case, and forms of Unicode.

    Accents may be signs of their own (NFD), spaces may not break, and signs may have no width.

    >>> comparable("E\u0301cole") == comparable("\u00e9COLE"), comparable("on\u00a0 time\ufeff")
    (True, 'on time')
    """
    if name.isascii():
        return " ".join(name.casefold().split())
    visible = "".join(sign for sign in name if unicodedata.category(sign) != _INVISIBLE)
    return " ".join(unicodedata.normalize("NFKC", visible).casefold().split())


def _are_booleans(side: list[str]) -> bool:
    """Return whether all names of a side are words that mean true or false."""
    letters = {name.casefold() for name in side}
    return all(map(boolean_of, side)) and not all(pair & letters for pair in _LETTERS)
