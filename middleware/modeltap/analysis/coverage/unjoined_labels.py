"""Labels without a prediction: their exchange is missing, or has no such row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from modeltap.analysis.coverage.unmonitored import Unmonitored, level_of
from modeltap.store.unjoined_labels import UnjoinedLabels, count_unjoined

_LABELS = 10_000
"""The newest labels show whether labels join now; older ones may belong to pruned exchanges."""


def unjoined_labels(connection: sqlite3.Connection, models: Sequence[str]) -> list[Unmonitored]:
    """Return findings about the newest labels that join nothing.

    A label need not name its model; in a store with several models, the model is then unknown.

    Args:
        models: all models of the store.
    """
    only = models[0] if len(models) == 1 else None
    counts = count_unjoined(connection, _LABELS, default_model=only)
    return [finding for own in counts for finding in _of_model(own)]


def _of_model(counts: UnjoinedLabels) -> Iterator[Unmonitored]:
    reasons = (
        (counts.without_exchange - counts.expired, "no exchange has their id", _BY_ID),
        (counts.expired, "`retention` deleted their exchange before they arrived", _BY_RETENTION),
        (
            counts.without_row,
            "their exchange has no such row, or its rows are not decoded",
            _BY_ROW,
        ),
    )
    for count, reason, fix in reasons:
        if count:
            yield Unmonitored(
                check="labels",
                model=counts.model,
                level=level_of(count, counts.labels),
                count=count,
                total=counts.labels,
                reason=reason,
                fix=fix,
            )


_BY_ID = "use the id in the response's header x-modeltap-id, or in the request's x-request-id"
_BY_RETENTION = "choose a `retention` that is longer than labels take; see `modeltap labels`"
_BY_ROW = "rows count from 0; `modeltap show ID` lists those of an exchange"
