"""Secrets that no pattern finds by format, so that only their names protect them."""

from __future__ import annotations

import random

TEXT_MARK = "qzv7"
OTHER_MARK = "wjx4"
"""The beginnings of the two halves of a secret, so that one half is found, too."""

NUMBER_MARK = "82641753"
"""The beginning of a secret number, which has six further digits and is exact in JSON."""

_LETTERS = "bcdfghjklmnpqrtvwxz23456789"
"""Letters that form no words, so that they contain no stem of a name."""


class Seeds:
    """A generator of distinct secrets, the same in each run.

    >>> seeds = Seeds(1)
    >>> seeds.text()[:4], seeds.number() != seeds.number()
    ('qzv7', True)
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._made: set[str] = set()

    def text(self) -> str:
        """Return a secret text of 20 letters and digits."""
        return self._new(lambda: TEXT_MARK + self._letters(6) + OTHER_MARK + self._letters(6))

    def number(self) -> int:
        """Return a secret number of 14 digits, which a float holds exactly."""
        return int(self._new(lambda: f"{NUMBER_MARK}{self._random.randrange(10**6):06}"))

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=count))

    def _new(self, make) -> str:
        secret = make()
        while secret in self._made:
            secret = make()
        self._made.add(secret)
        return secret
