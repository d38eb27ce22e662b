"""The result of a comparison: a row for each metric and segment, and the verdict."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ComparisonVerdict = Literal["better", "worse", "not_shown"]


class ComparedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of the current model and of the candidate.

    Args:
        segment: None for all rows, else a slice or a group.
        rows: the rows that both values are of.
        difference: candidate minus current.
        low, high: its interval, which holds at all looks; None if there are too few rows.
        verdict: `better` or `worse` if the interval excludes 0; `not_shown` otherwise, and for
            metrics without a better direction.
    """

    metric: str
    rows: int
    segment: str | None = None
    current: float | None = None
    candidate: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: ComparisonVerdict = "not_shown"

    def to_dict(self) -> dict[str, Any]:
        """Return the row in the order of the command's columns."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = (
    "metric",
    "segment",
    "rows",
    "current",
    "candidate",
    "difference",
    "low",
    "high",
    "verdict",
)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate compared with the current model.

    Args:
        version: the version of the current model; "" if it has none.
        candidate: the candidate as it was given.
        rows: a row for each metric and segment.
        compared: rows that have both predictions.
        labelled: those of them that have a label.
        left_out: rows that were not compared, by reason.
        notes: sentences for people about the limits of the comparison.
    """

    model: str
    version: str = ""
    candidate: str
    rows: tuple[ComparedMetric, ...]
    compared: int
    labelled: int
    left_out: dict[str, int] = {}
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> ComparisonVerdict:
        """The verdict of the main metric over all rows: `accuracy` or `mae`.

        If that shows no difference, `worse` if another metric of all rows is worse, else `better`
        if one is better.
        """
        overall = [row.verdict for row in self.rows if row.segment is None]
        if not overall or overall[0] != "not_shown":
            return overall[0] if overall else "not_shown"
        return "worse" if "worse" in overall else "better" if "better" in overall else "not_shown"

    def places(self, verdict: ComparisonVerdict) -> list[str]:
        """Return the metrics of all rows, then the segments, that have a verdict."""
        return [row.segment or row.metric for row in self.rows if row.verdict == verdict]
