"""Labels that join no prediction: their exchange is not there, or has no such row."""

from __future__ import annotations

import sqlite3

from modeltap.analysis.coverage.unmonitored import Unmonitored, level_of
from modeltap.store.unjoined_labels import count_unjoined

_LABELS = 10_000
"""The newest labels show whether they join now; older ones may be of exchanges that were pruned."""


def unjoined_labels(connection: sqlite3.Connection) -> list[Unmonitored]:
    """Return what of the newest labels joins nothing; a label does not say of which model it is."""
    counts = count_unjoined(connection, _LABELS)
    reasons = (
        (counts.without_exchange, "no exchange has their id", _BY_ID),
        (counts.without_row, "their exchange has no such row, or none that is decoded", _BY_ROW),
    )
    return [
        Unmonitored(
            check="labels",
            model=None,
            level=level_of(count, counts.labels),
            count=count,
            total=counts.labels,
            reason=reason,
            fix=fix,
        )
        for count, reason, fix in reasons
        if count
    ]


_BY_ID = "label by the id in the response's header x-modeltap-id, or by the request's x-request-id"
_BY_ROW = "rows count from 0; `modeltap show ID` lists those of an exchange"
