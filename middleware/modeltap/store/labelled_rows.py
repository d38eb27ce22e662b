"""Rows with their last labels, as rows and as columns."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple


class LabelledPrediction(NamedTuple):
    """A row's prediction, its score, and its last label, None if it has no label.

    `predicted_at` is the time of the request if it differs from the event time. `delay` is the time
    until the first label arrived; see `label_delays`.
    """

    prediction: Any
    label: Any
    event_time: str | None = None
    score: float | None = None
    exchange_id: str = ""
    row: int = 0
    predicted_at: str | None = None
    delay: float | None = None

    @property
    def waiting_since(self) -> str | None:
        """The time from which the delay of the row's label counts."""
        return self.predicted_at or self.event_time


class LabelledRows(list[LabelledPrediction]):
    """N rows in event order; its columns are read once, as several steps read the same.

    >>> rows = LabelledRows([LabelledPrediction(1.5, 2.5), LabelledPrediction(2.0, None)])
    >>> rows.predictions, rows.labelled
    ([1.5, 2.0], 1)
    """

    @cached_property
    def predictions(self) -> list[Any]:
        """The (n,) predictions."""
        return self._column("prediction")

    @cached_property
    def labels(self) -> list[Any]:
        """The (n,) last labels; None where there is none."""
        return self._column("label")

    @cached_property
    def scores(self) -> list[float | None]:
        """The (n,) scores that accompany the predictions."""
        return self._column("score")

    @property
    def event_times(self) -> list[str | None]:
        """The (n,) event times."""
        return self._column("event_time")

    @property
    def waiting_since(self) -> list[str | None]:
        """The (n,) times from which the delays of labels count."""
        if not any(self._column("predicted_at")):
            return self.event_times
        return [row.waiting_since for row in self]

    @property
    def delays(self) -> list[float | None]:
        """The (n,) seconds until the first label; None if it is pending or unknown."""
        return self._column("delay")

    @property
    def exchange_ids(self) -> list[str]:
        """The (n,) ids of the rows' exchanges."""
        return self._column("exchange_id")

    @cached_property
    def labelled(self) -> int:
        """The number of rows with a label."""
        return len(self) - self.labels.count(None)

    @property
    def with_labels(self) -> LabelledRows:
        """The rows that have a label.

        Not cached: a list that refers to itself is never freed while the collector is off.
        """
        if self.labelled == len(self):
            return self
        return LabelledRows(row for row in self if row.label is not None)

    def _column(self, name: str) -> list[Any]:
        return list(map(itemgetter(LabelledPrediction._fields.index(name)), self))


def with_last_labels(rows: Iterable[LabelledPrediction]) -> LabelledRows:
    """Return each row once, with the last of its labels and the delay of the first.

    Args:
        rows: one for each label, those of a row one after another, in order of arrival.
    """
    merged = LabelledRows()
    for own in rows:
        last = merged[-1] if merged else None
        if last is not None and (last.exchange_id, last.row) == (own.exchange_id, own.row):
            merged[-1] = last._replace(label=own.label)
        else:
            merged.append(own)
    return merged
