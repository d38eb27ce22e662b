"""One column of a reference: its type, its bins, and the reference's counts in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from modeltap.number_texts import Style
from modeltap.privacy.marks import MASK

Column = Sequence[Any] | np.ndarray
FeatureKind = Literal[
    "numeric", "categorical", "boolean", "text", "datetime", "vector", "id", "other", "words"
]
"""A column's type. `words` counts in how many texts each word is, beside the text itself."""

SPECIAL = ("missing", "mismatch", "unseen")
"""Every feature's last three bins: no value, one of the wrong type, a category never seen."""

MISSING, MISMATCH, UNSEEN = -3, -2, -1
"""The places of the `SPECIAL` bins in a feature's counts."""

BOOLEANS = ("false", "true")
"""A boolean's vocabulary."""


class Feature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column: its type, bins, and the reference's counts in them.

    A numeric feature with E edges has E + 1 bins, the outer ones open; a value's bin is the
    number of edges <= it. A categorical one has a bin for each word of its vocabulary and one
    for the reference's rarer words. The three `SPECIAL` bins follow.

    Texts, vectors and times have no such bins. What is measured on them (a text's length, a
    vector's distance from the mean) is a feature of its own: `measure` of the column `of`.
    """

    name: str
    kind: FeatureKind
    of: str | None = None
    measure: str | None = None

    edges: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    rare: frozenset[str] = frozenset()
    centroid: tuple[float, ...] = ()
    """A vector's mean, of length 1."""
    counts: tuple[int, ...]
    coarse: tuple[int, ...] = ()
    """For each bin which coarse one it belongs to."""
    halved: bool = False
    """Whether one half of the reference's rows chose the words, and `counts` are the other's."""

    low: float = 0.0
    high: float = 0.0
    center: float = 0.0
    """The median."""
    spread: float = 0.0
    """1.4826 times the median absolute deviation: the standard deviation where it is normal."""
    mad_bounds: tuple[float, float] | None = None
    """Beyond 3.5 spreads from the center are outliers."""
    tukey_fences: tuple[float, float] | None = None
    """1.5 widths of the middle half beyond its ends."""

    min: float | None = None
    max: float | None = None
    allowed: frozenset[str] | None = None
    required: bool = False
    whole: bool = False
    """Whether whole numbers are categories, too: codes, or 0 and 1 for a boolean."""
    texts: Style | Literal[""] = ""
    """How numbers that are sent as texts are written; empty where a text is no number."""
    text_rate: float = 0.0
    """The fraction of the reference's values that are numbers sent as texts."""
    day_first: bool | None = None
    """Whether 01/02/2024 is the first of February; None where no date of the reference says it."""
    missing_values: tuple[Any, ...] = ()
    """Declared codes for a missing value."""
    sentinel: float | None = None
    """A value far from all others that many rows have: likely a code for a missing one."""

    learnt_from: str | None = None
    """Since when its own rows are learnt, where it was not testable in the reference's."""
    learnt_until: str | None = None
    """Until when they were; None while they are awaited."""
    looked_until: str | None = None
    """Until when rows were looked at for whether it is testable, where it was not."""

    calendar: str | None = None
    """What of the calendar determines it, such as ``hour``: nothing to compare."""
    calendar_shift: int = 0
    """By how many hours that clock is ahead of the reference's time zone."""
    rhythm: bool = False
    """Whether it differs by the hour or the day type: its windows are compared with their own."""
    baseline_distance: float = 0.0
    """The largest distance of one of the reference's own blocks from what it is compared with,
    beyond the one expected by chance."""
    baseline_rates: dict[str, float] = {}
    """By metric the most by which a block's rate is above the rate it is compared with, beyond
    chance; of `constant_feed` the largest fraction of one value."""

    @property
    def bins(self) -> int:
        """The number of bins that hold values of the right type."""
        return len(self.counts) - len(SPECIAL)

    @property
    def is_tested(self) -> bool:
        """True for a feature whose bins are tested for drift."""
        kinds = ("numeric", "categorical", "boolean", "words")
        return self.kind in kinds and self.calendar is None

    @property
    def present(self) -> int:
        """How many of the reference's rows have a value; of a column, not of a measure."""
        return present_rows(np.array(self.counts))

    @property
    def mismatch_rate(self) -> float:
        """The fraction of the reference's values that are of another type."""
        return self.counts[MISMATCH] / max(1, self.present) if self.counts else 0.0

    @property
    def is_all_masked(self) -> bool:
        """True for a column whose values were all masked before they were stored."""
        return MASK in self.missing_values and self.of is None and not self.present

    @property
    def is_of_a_type(self) -> bool:
        """True for a column whose values are compared, as they are or by measures of them."""
        return self.kind not in ("id", "other")

    def untested_because(self, declared: str | None = None) -> str | None:
        """Return why nothing is compared with a column's values, though it is awaited; else None.

        Args:
            declared: the type that it was declared to have: an id is not awaited.
        """
        if self.of is not None or self.calendar is not None or declared == "id":
            return None
        if not self.present:
            return "masked in all rows" if self.is_all_masked else "all values were missing"
        if self.is_of_a_type or declared is not None:
            return None
        return "mostly distinct" if self.kind == "id" else "mixed"

    def below(self, value: float) -> int:
        """Return how many bins lie below `value`, which is an edge."""
        return int(np.searchsorted(np.array(self.edges), value, "right"))

    def above(self, value: float) -> int:
        """Return the first bin that lies above `value`, whose next float is an edge."""
        return int(np.searchsorted(np.array(self.edges), np.nextafter(value, np.inf), "right"))


def present_rows(counts: np.ndarray) -> int:
    """Return how many rows have a value, of a column's (bins,) counts."""
    return int(counts.sum() - counts[MISSING])


def rows_of(feature: Feature, counts: np.ndarray) -> int:
    """Return how many rows are in (bins,) counts: a text counts once for each of its words."""
    return int(counts[0] if feature.kind == "words" else counts.sum())


def plain(column: Column) -> Sequence[Any]:
    """Return a column's values as Python has them: NumPy's scalars are numbers and words too.

    >>> plain(np.array([True, False])), plain([np.int64(3), None])
    ([True, False], [3, None])
    """
    values: Sequence[Any] = column.tolist() if isinstance(column, np.ndarray) else column
    if not any(issubclass(kind, np.generic) for kind in set(map(type, values))):
        return values
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def is_missing(value: object) -> bool:
    """Say whether a value is none: None or NaN."""
    return value is None or (type(value) is float and value != value)


def word(value: str | bool) -> str:
    """Write a category as the vocabulary has it: booleans and lone surrogates as in JSON.

    >>> word(True), word("a\\ud800")
    ('true', 'a?')
    """
    if type(value) is bool:
        return "true" if value else "false"
    return str(value).encode("utf-8", "replace").decode()


def code(value: object) -> str:
    """Write a value that is a category: a whole number is one code, be it 1 or 1.0.

    >>> code(1), code(1.0), code(1.5), code(True), code("01")
    ('1', '1', '1.5', 'true', '01')
    """
    if isinstance(value, str | bool):
        return word(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_boolean(value: object) -> str | None:
    """Return ``"true"`` or ``"false"`` for a value that means it, else None.

    >>> as_boolean("False"), as_boolean(1), as_boolean("maybe")
    ('false', 'true', None)
    """
    if isinstance(value, str):
        lowered = value.strip().lower()
        return lowered if lowered in BOOLEANS else None
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return "true" if value else "false"
    return None
