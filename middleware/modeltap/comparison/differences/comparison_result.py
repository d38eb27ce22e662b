"""The result of a comparison: a row for each metric and segment, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from modeltap.config.metrics import is_output_segment

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
        if one is better. Of several outputs, `worse` if one is worse, else `better` if one is
        better.
        """
        by_output: dict[str | None, list[ComparisonVerdict]] = {}
        for row in self.rows:
            if row.segment is None or is_output_segment(row.segment):
                by_output.setdefault(row.segment, []).append(row.verdict)
        return _strongest(
            own[0] if own[0] != "not_shown" else _strongest(own) for own in by_output.values()
        )

    def places(self, verdict: ComparisonVerdict) -> list[str]:
        """Return the metrics of all rows, then the segments, that have a verdict."""
        return [
            f"{row.metric} of {row.segment}"
            if row.segment and is_output_segment(row.segment)
            else row.segment or row.metric
            for row in self.rows
            if row.verdict == verdict
        ]


def _strongest(verdicts: Iterable[ComparisonVerdict]) -> ComparisonVerdict:
    given = set(verdicts)
    return "worse" if "worse" in given else "better" if "better" in given else "not_shown"
