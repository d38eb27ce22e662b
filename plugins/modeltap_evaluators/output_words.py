"""Words of a text, in the form in which evaluators compare them."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words(text: str) -> list[str]:
    """Return the words of a text in lower case.

    >>> words("Don't panic: 42 is well-known.")
    ["don't", 'panic', '42', 'is', 'well-known']
    """
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]
