"""Sparklines and bars of characters, for a terminal: blocks, or ASCII where it has no blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class CharacterChart:
    """A set of characters to draw with.

    Attributes:
        levels: from the lowest to the highest value of a sparkline.
        full: a full part of a bar.
        parts: the last part of a bar, from an empty to a nearly full one.
        mark: the place of a threshold on a bar.
    """

    levels: str
    full: str
    parts: str
    mark: str

    def sparkline(
        self, values: Sequence[float | None], low: float | None = None, high: float | None = None
    ) -> str:
        """Return values as characters, one each; None, NaN and infinity are spaces.

        Args:
            low: the value of the lowest level; by default the smallest value.
            high: of the highest level; by default the largest value.

        >>> BLOCKS.sparkline([0, 4, None, 8]), ASCII.sparkline([0, 4, None, 8])
        ('▁▅ █', '_= #')
        """
        known = [value for value in values if value is not None and math.isfinite(value)]
        bottom = min([*known, *_known(low)], default=0.0)
        top = max([*known, *_known(high)], default=0.0)
        return "".join(
            " "
            if value is None or not math.isfinite(value)
            else self._level((value - bottom) / (top - bottom) if top > bottom else 0.5)
            for value in values
        )

    def _level(self, fraction: float) -> str:
        return self.levels[round(fraction * (len(self.levels) - 1))]

    def bar(self, fraction: float, length: int, mark: float | None = None) -> str:
        """Return a bar of at most `length` characters, with a mark at another fraction.

        >>> BLOCKS.bar(0.55, 10), BLOCKS.bar(0.2, 10, mark=0.5), ASCII.bar(0.7, 10, mark=0.5)
        ('█████▌', '██   │', '#####|#')
        """
        filled = max(0.0, min(1.0, fraction)) * length if math.isfinite(fraction) else length
        whole = int(filled)
        last = self.parts[int((filled - whole) * len(self.parts))] if whole < length else ""
        cells = list((self.full * whole + last).rstrip())
        if mark is not None:
            place = min(length - 1, round(mark * length))
            cells += [" "] * (place + 1 - len(cells))
            cells[place] = self.mark
        return "".join(cells)


BLOCKS = CharacterChart("▁▂▃▄▅▆▇█", "█", " ▏▎▍▌▋▊▉", "│")
ASCII = CharacterChart("_.-~=+*#", "#", " ", "|")


def _known(value: float | None) -> list[float]:
    return [] if value is None or not math.isfinite(value) else [value]
