"""An operator's own patterns: regular expressions, which may take any time on a client's text."""

from __future__ import annotations

import re
from collections.abc import Iterable


class CustomPatterns:
    """Regular expressions that are searched one after the other, in lower-case text.

    `current` is the one that is being searched: where the time ran out, it was in that one.

    >>> patterns = CustomPatterns(["^phone$", "e.?mail"])
    >>> patterns.found_in("E-Mail"), patterns.found_in("telephone"), bool(patterns)
    (True, False, True)
    >>> patterns.without_anchors().found_in("telephone")
    True
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._sources = tuple(patterns)
        self._compiled = [(source, re.compile(source, re.IGNORECASE)) for source in self._sources]
        self.current = ""

    def __bool__(self) -> bool:
        return bool(self._sources)

    def found_in(self, *texts: str) -> bool:
        """Say whether one of the patterns is in one of `texts`."""
        for source, pattern in self._compiled:
            self.current = source
            if any(map(pattern.search, texts)):
                return True
        self.current = ""
        return False

    def without_anchors(self) -> CustomPatterns:
        """Return the patterns for text in which a name has no beginning and no end."""
        return CustomPatterns(source.strip("^$") for source in self._sources)
