"""Facts about a column of CSV that need all its cells: number formats and the order of dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from modeltap.number_texts import MISSING, Forms
from modeltap.time_texts import order_in

_NUMBER_BYTES = b"0123456789.+-eE\n"
_DIGITS_ALIKE = bytes.maketrans(b"0123456789O", b"11111111110")

_DATE = re.compile(r"\n\s*(?:[a-z]+,?\s+)?\d\d?([-/])\d\d?\1\d\d", re.IGNORECASE)
"""The beginning of a date in which the order of day and month may differ by country."""


class ColumnFacts:
    """The number formats of a column, whether it has values, and the order of its dates.

    `codes` are its declared codes for missing values, which do not affect its type. `day_first`
    is None as long as no date shows the order.

    >>> facts = ColumnFacts({"-99"})
    >>> facts.add(["1,5", "2,25", "", "-99"])
    >>> facts.forms.style(), facts.is_filled, facts.day_first
    ('comma', True, None)
    """

    def __init__(self, codes: Iterable[object] = ()) -> None:
        self.forms = Forms()
        self.is_filled = False
        self.day_first: bool | None = None
        self._codes = frozenset(map(str, codes))
        self._shapes: set[str] = set()

    def add(self, cells: Sequence[str]) -> None:
        """Add consecutive cells of the column."""
        lines = "\n" + "\n".join(cells)
        if self.day_first is None:
            self.day_first = date_order(cells, lines)
        if self.forms.all:
            is_exact = not self._codes and lines.count("\n") == len(cells)
            shapes = number_shapes(lines) if is_exact else None
            if shapes is None:
                self._add_forms(cells)
            elif not shapes <= self._shapes:
                self._add_forms(shapes)
                self._shapes = shapes
        elif not self.is_filled:
            self.is_filled = any(_filled(cells))

    def _add_forms(self, cells: Iterable[str]) -> None:
        for text in _filled(set(cells)):
            self.is_filled = True
            if text not in self._codes:
                self.forms.add(text)
                if not self.forms.all:
                    return


def date_order(cells: Iterable[str], lines: str) -> bool | None:
    """Return True if the first date that shows its order has its day first; None if none does.

    `lines` has the cells, each after a line break.

    >>> date_order(["01/02/2024", "31/01/2024"], "\\n01/02/2024\\n31/01/2024")
    True
    """
    if not ("/" in lines or "-" in lines) or _DATE.search(lines) is None:
        return None
    orders = map(order_in, _filled(cells))
    return next((order for order in orders if order is not None), None)


def number_shapes(lines: str) -> set[str] | None:
    r"""Return texts with the forms of all cells in `lines`; None if the cells are needed.

    Forms depend on leading zeros and on the number of digits, not on the digits. So thousands of
    numbers have a few shapes. Each cell follows a line break.

    >>> sorted(number_shapes("\n12.5\n47.9\n-3\n007"))
    ['-1', '011', '11.1']
    >>> number_shapes("\nx")
    """
    if not lines.isascii() or lines.encode().translate(None, _NUMBER_BYTES):
        return None
    marked = lines.replace("\n0", "\nO").replace("-0", "-O").replace("+0", "+O")
    return set(marked.encode().translate(_DIGITS_ALIKE).decode().split("\n")[1:])


def _filled(cells: Iterable[str]) -> Iterator[str]:
    """Yield the cells that are not missing values, without surrounding white space."""
    return (text for cell in cells if (text := cell.strip()).lower() not in MISSING)
