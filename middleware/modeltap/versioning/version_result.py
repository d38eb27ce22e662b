"""The result of a comparison of two versions: a row for each metric."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from modeltap.comparison.differences.comparison_result import ComparisonVerdict
from modeltap.store.versions import ServedVersion

OfWhat = Literal["rows", "windows"]


class VersionMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of two versions.

    Args:
        of: what the values are computed from: single rows, or windows.
        before, after: the metric of the rows, or its mean over the windows.
        before_count, after_count: the number of rows or windows.
        before_low, before_high: a 99 % interval of `before`; None if there is none.
        after_low, after_high: the same of `after`.
        difference: after minus before.
        low, high: its interval; see `version_rows` and `version_windows`.
        verdict: `better` or `worse` if the interval excludes 0; None if the metric has none.
    """

    metric: str
    feature: str | None = None
    segment: str | None = None
    of: OfWhat = "rows"
    before: float | None = None
    before_low: float | None = None
    before_high: float | None = None
    before_count: int = 0
    after: float | None = None
    after_low: float | None = None
    after_high: float | None = None
    after_count: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: ComparisonVerdict | None = None

    @property
    def has_changed(self) -> bool:
        """True if the interval of the difference excludes 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Return the row with all columns, in order."""
        return msgspec.structs.asdict(self)


class VersionChange(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions of a model, compared.

    Args:
        before, after: the versions, and when they were served.
        side_by_side: True if both were served at the same time.
        rows: a row for each metric, those of single rows first.
        notes: sentences for people about the limits of the comparison.
    """

    model: str
    before: ServedVersion
    after: ServedVersion
    side_by_side: bool
    rows: tuple[VersionMetric, ...]
    notes: tuple[str, ...] = ()
