"""The delay of a label: the time from a prediction to the arrival of its row's first label.

It counts by the clock of this machine, from the start of the request to the arrival of the label. A
label that says when it was determined (`labelled_at`) counts from its row's event time to then. The
clock did not see the request of an imported row, so that its delay is otherwise unknown.

These are expressions for exchanges `x`, predictions `p` and labels `l`. The first label of a row is
the one with the lowest `seq`.
"""

from __future__ import annotations

from modeltap.store.exchanges import is_imported

PREDICTED_AT = f"iif(x.started_at is null or {is_imported('x')}, p.event_time, x.started_at)"
"""The time from which the age of a row counts: the start of its request, or the event time."""

DELAY = (
    "max(0.0, 86400.0 * iif(l.labelled_at is not null, "
    "julianday(l.labelled_at) - julianday(p.event_time), "
    f"iif({is_imported('x')}, null, julianday(l.received_at) - julianday(x.started_at))))"
)
"""The delay of a label in seconds, at least 0; null if it is unknown or there is no label."""
