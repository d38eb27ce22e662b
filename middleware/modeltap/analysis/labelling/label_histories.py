"""The progress of a window's labels, from the arrival of its model's labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from modeltap import clock
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.relearning.label_history import LabelHistory
from modeltap.analysis.relearning.label_progress import LabelProgress, label_progress
from modeltap.config.settings import Settings
from modeltap.store.label_arrivals import received_at
from modeltap.store.labelled_rows import LabelledRows
from modeltap.store.labelled_windows import LabelledWindow, evaluated_start
from modeltap.store.labels import newest_label


class LabelHistories:
    """The arrival of each model's labels, read once per pass."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._histories: dict[tuple[str, str], LabelHistory] = {}

    def of(self, reference: Reference | None) -> LabelHistory | None:
        """Return the arrival of a model's labels; None without a reference or labels."""
        now = clock.parse(received_at(self._connection, newest_label(self._connection)))
        if reference is None or now is None:
            return None
        key = reference.model, reference.version
        if key not in self._histories:
            self._histories[key] = LabelHistory(self._connection, reference, now)
        return self._histories[key]

    def progress(
        self,
        rows: LabelledRows,
        group: Sequence[LabelledWindow],
        reference: Reference | None,
        settings: Settings,
        period: tuple[str, str],
    ) -> LabelProgress:
        """Return how far the labels of a group have arrived.

        Args:
            rows: all rows of the group.
            period: its start and end.
        """
        history = self.of(reference)
        if reference is None or history is None or reference.state == "provisional":
            return LabelProgress(reference)
        is_new = all(evaluated_start(self._connection, part) is None for part in group)
        is_complete = rows.labelled == len(rows)
        if is_new and (is_complete or not history.is_live(*period)):
            return LabelProgress(reference)  # all its labels are there at the first evaluation
        return label_progress(rows, reference, history, settings)
