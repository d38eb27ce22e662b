"""What whole rows show beside the columns; a library that stumbles over them costs only that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from modeltap.analysis.counting.sample import Sample
from modeltap.analysis.model.metric import ALERT, Metric, Usual
from modeltap.analysis.model.reference import Reference

logger = logging.getLogger("modeltap")

Shown = Callable[[Sequence[int]], str | None]
"""Given the places of unusual rows, the ids that are shown for them."""


def judge(
    reference: Reference,
    then: Sample,
    now: Sample,
    alpha: float,
    *,
    min_rows: int = 100,
    left_out: frozenset[str] = frozenset(),
    usual: Usual = lambda *_: None,
    shown: Shown = lambda _: None,
) -> Iterator[Metric]:
    """Yield what tells a window's rows apart from the reference's, and how many lie far out.

    Args: as of `multivariate.judge`, and `shown`, which picks examples of the unusual rows.
    """
    # They bring scikit-learn along, which takes a second to load.
    from modeltap.analysis.detectors import multivariate, row_outliers

    try:
        yield from multivariate.judge(
            reference, then, now, alpha, min_rows=min_rows, left_out=left_out, usual=usual
        )
    except Exception:
        _stumbled(reference, "multivariate_drift")
    try:
        found = row_outliers.judge(
            reference, then, now, alpha, min_rows=min_rows, left_out=left_out, usual=usual
        )
    except Exception:
        _stumbled(reference, "row_outlier_rate")
        return
    if found is not None:
        metric, places = found
        yield replace(metric, examples=shown(places) if metric.verdict == ALERT else None)


def _stumbled(reference: Reference, metric: str) -> None:
    logger.exception(
        "modeltap: %s: no %s: whole rows could not be looked at", reference.model, metric
    )
