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
"""A column's type. `words` counts the texts that contain each word, next to the text itself."""

SPECIAL = ("missing", "mismatch", "unseen")
"""Every feature's last three bins: no value, a value of the wrong type, an unseen category."""

MISSING, MISMATCH, UNSEEN = -3, -2, -1
"""The positions of the `SPECIAL` bins in a feature's counts."""

BOOLEANS = ("false", "true")
"""A boolean's vocabulary."""


class Feature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column: its type, bins, and the reference's counts in them.

    A numeric feature with E edges has E + 1 bins, the outer ones open; a value's bin is the number
    of edges <= it. A categorical one has a bin for each word of its vocabulary and one for the
    reference's rare words. The three `SPECIAL` bins follow.

    Texts, vectors and times have no such bins. Each measure of them (a text's length, a vector's
    distance from the mean) is a feature of its own: `measure` of the column `of`.
    """

    name: str
    kind: FeatureKind
    of: str | None = None
    measure: str | None = None

    edges: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    rare: frozenset[str] = frozenset()
    centroid: tuple[float, ...] = ()
    """The mean of the vectors, scaled to length 1."""
    counts: tuple[int, ...]
    coarse: tuple[int, ...] = ()
    """The coarse bin of each bin."""
    halved: bool = False
    """True if half of the reference's rows chose the words, and `counts` are the other half's."""

    low: float = 0.0
    high: float = 0.0
    center: float = 0.0
    """The median."""
    spread: float = 0.0
    """1.4826 times the median absolute deviation: the standard deviation of normal values."""
    mad_bounds: tuple[float, float] | None = None
    """Values beyond 3.5 spreads from the center are outliers."""
    tukey_fences: tuple[float, float] | None = None
    """1.5 interquartile ranges beyond the quartiles."""

    min: float | None = None
    max: float | None = None
    allowed: frozenset[str] | None = None
    required: bool = False
    whole: bool = False
    """True if whole numbers are categories as well: codes, or 0 and 1 for a boolean."""
    texts: Style | Literal[""] = ""
    """The style of numbers sent as texts; empty if a text is never a number."""
    text_rate: float = 0.0
    """The fraction of the reference's values that are numbers sent as texts."""
    day_first: bool | None = None
    """True if 01/02/2024 is the first of February; None if no date of the reference shows it."""
    missing_values: tuple[Any, ...] = ()
    """Declared codes for a missing value."""
    sentinel: float | None = None
    """A value far from all others that many rows have: probably a code for a missing value."""

    learnt_from: str | None = None
    """The start of its own learning period if the reference's rows could not be tested."""
    learnt_until: str | None = None
    """The end of that period; None while it is still learning."""
    checked_until: str | None = None
    """The end of the rows that were checked for testable values, if it was not testable."""

    calendar: str | None = None
    """The part of the calendar that determines it, such as ``hour``; it is not compared."""
    calendar_shift: int = 0
    """The hours by which that clock is ahead of the reference's time zone."""
    rhythm: bool = False
    """True if it differs by the hour or the day type: windows are compared with their own hours."""
    baseline_distance: float = 0.0
    """The largest distance of one of its own blocks from its comparison, beyond chance."""
    baseline_rates: dict[str, float] = {}
    """By metric, the largest excess of a block's rate over the rate it is compared with, beyond
    chance.

    For `constant_feed`, the largest fraction of one value.
    """

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
        """The number of the reference's rows with a value; of a column, not of a measure."""
        return present_rows(np.array(self.counts))

    @property
    def mismatch_rate(self) -> float:
        """The fraction of the reference's values that have another type."""
        return self.counts[MISMATCH] / max(1, self.present) if self.counts else 0.0

    @property
    def is_all_masked(self) -> bool:
        """True for a column whose values were all masked before they were stored."""
        return MASK in self.missing_values and self.of is None and not self.present

    @property
    def has_comparable_type(self) -> bool:
        """True for a column whose values are compared, directly or by measures of them."""
        return self.kind not in ("id", "other")

    def untested_reason(self, declared: str | None = None) -> str | None:
        """Return why a column's values are not compared although they should be; else None.

        Args:
            declared: the declared type; an id need not be compared.
        """
        if self.of is not None or self.calendar is not None or declared == "id":
            return None
        if not self.present:
            return "masked in all rows" if self.is_all_masked else "all values were missing"
        if self.has_comparable_type or declared is not None:
            return None
        return "mostly distinct" if self.kind == "id" else "mixed"

    def below(self, value: float) -> int:
        """Return the number of bins below `value`, which is an edge."""
        return int(np.searchsorted(np.array(self.edges), value, "right"))

    def above(self, value: float) -> int:
        """Return the first bin above `value`; the next float after `value` is an edge."""
        return int(np.searchsorted(np.array(self.edges), np.nextafter(value, np.inf), "right"))


def present_rows(counts: np.ndarray) -> int:
    """Return the number of rows with a value, from a column's (bins,) counts."""
    return int(counts.sum() - counts[MISSING])


def rows_of(feature: Feature, counts: np.ndarray) -> int:
    """Return the number of rows in (bins,) counts; a text counts once for each of its words."""
    return int(counts[0] if feature.kind == "words" else counts.sum())


def plain(column: Column) -> Sequence[Any]:
    """Return a column's values as plain Python objects, without NumPy scalars.

    >>> plain(np.array([True, False])), plain([np.int64(3), None])
    ([True, False], [3, None])
    """
    values: Sequence[Any] = column.tolist() if isinstance(column, np.ndarray) else column
    if not any(issubclass(kind, np.generic) for kind in set(map(type, values))):
        return values
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def is_missing(value: object) -> bool:
    """Return whether a value is missing: None or NaN."""
    return value is None or (type(value) is float and value != value)


def as_category(value: str | bool) -> str:
    """Return a category as it is in the vocabulary, with booleans and surrogates as in JSON.

    >>> as_category(True), as_category("a\\ud800")
    ('true', 'a?')
    """
    if type(value) is bool:
        return "true" if value else "false"
    return str(value).encode("utf-8", "replace").decode()


def code(value: object) -> str:
    """Return a value as a category; 1 and 1.0 are the same code.

    >>> code(1), code(1.0), code(1.5), code(True), code("01")
    ('1', '1', '1.5', 'true', '01')
    """
    if isinstance(value, str | bool):
        return as_category(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_boolean(value: object) -> str | None:
    """Return ``"true"`` or ``"false"`` for a value with that meaning, else None.

    >>> as_boolean("False"), as_boolean(1), as_boolean("maybe")
    ('false', 'true', None)
    """
    if isinstance(value, str):
        lowered = value.strip().lower()
        return lowered if lowered in BOOLEANS else None
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return "true" if value else "false"
    return None
