"""Custom patterns of an operator: regular expressions, which may be slow on a client's text."""

from __future__ import annotations

import re
from collections.abc import Iterable


class CustomPatterns:
    """Regular expressions that are searched in turn, ignoring case.

    `current` is the pattern being searched, which identifies the slow pattern after a timeout.

    >>> patterns = CustomPatterns(["^phone$", "e.?mail"])
    >>> patterns.match_any("E-Mail"), patterns.match_any("telephone"), bool(patterns)
    (True, False, True)
    >>> patterns.without_anchors().match_any("telephone")
    True
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._sources = tuple(patterns)
        self._compiled = [(source, re.compile(source, re.IGNORECASE)) for source in self._sources]
        self.current = ""

    def __bool__(self) -> bool:
        return bool(self._sources)

    def match_any(self, *texts: str) -> bool:
        """Return True if any pattern matches in any of `texts`."""
        for source, pattern in self._compiled:
            self.current = source
            if any(map(pattern.search, texts)):
                return True
        self.current = ""
        return False

    def without_anchors(self) -> CustomPatterns:
        """Return the patterns without anchors, for text in which names are not delimited."""
        return CustomPatterns(source.strip("^$") for source in self._sources)
