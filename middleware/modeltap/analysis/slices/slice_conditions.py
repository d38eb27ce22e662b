"""The conditions of a slice, as text for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_PLAIN = re.compile(r"[\w.+-]+")
"""A category that is readable without quotes."""


class Condition(NamedTuple):
    """A condition on one column: a range of numbers or times, a missing value, or a category.

    Args:
        text: the condition without the column, such as ``>= 18``; empty for a category.
        category: a value of a payload; None for other conditions.
    """

    column: str
    text: str
    category: str | None = None

    def __str__(self) -> str:
        """Return the condition, with quotes only where they are needed."""
        if self.category is None:
            return f"{self.column} {self.text}"
        plain = _PLAIN.fullmatch(self.category) is not None
        return f"{self.column} = {self.category if plain else repr(self.category)}"

    @property
    def quoted(self) -> str:
        """The condition in a sentence, where messages replace quoted values."""
        if self.category is None:
            return str(self)
        return f"{self.column} = {self.category!r}"


def joined(conditions: Sequence[Condition]) -> str:
    """Return the name of a slice.

    >>> joined([Condition("carrier", "", "EV"), Condition("hour", ">= 18")])
    'carrier = EV and hour >= 18'
    >>> joined([Condition("city", "", "New York")])
    "city = 'New York'"
    """
    return " and ".join(map(str, conditions))


def joined_quoted(conditions: Sequence[Condition]) -> str:
    """Return the same for a sentence.

    >>> joined_quoted([Condition("carrier", "", "EV"), Condition("hour", ">= 18")])
    "carrier = 'EV' and hour >= 18"
    """
    return " and ".join(condition.quoted for condition in conditions)
