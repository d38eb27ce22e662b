"""Marks that replace masked values."""

from __future__ import annotations

import hmac
import json
from typing import Literal

from modeltap.privacy.masked_values import MaskedValues

MASK = "[masked]"


class Marks:
    """Replaces a value with a mark or a keyed hash, or drops it.

    The hash is HMAC-SHA256: equal values stay equal, and values cannot be guessed without the key.

    >>> Marks().replacement("secret"), Marks("drop").replacement("secret")
    ('[masked]', None)
    """

    def __init__(self, how: Literal["mark", "hash", "drop"] = "mark", key: str = "") -> None:
        self.drops = how == "drop"
        self._hashes = how == "hash"
        self._key = key.encode()
        self.masked_values = MaskedValues()

    def replacement(self, value: object) -> str | None:
        """Return the replacement of a value; None if it is dropped together with its name."""
        if self.drops:
            self._remember(value)
            return None
        return self.mark(value)

    def mark(self, value: object) -> str:
        """Return the mark of a value, for places where it cannot be dropped."""
        self._remember(value)
        if not self._hashes:
            return MASK
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        return f"[hash:{digest.hex()[:16]}]"

    def without_masked(self, text: str) -> str:
        """Return `text` with all values masked that this exchange had masked."""
        return self.masked_values.replaced_in(text, MASK)

    def _remember(self, value: object) -> None:
        if value != MASK:
            self.masked_values.add(value)
