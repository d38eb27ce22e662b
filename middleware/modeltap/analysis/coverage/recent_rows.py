"""A model's newest exchanges, decoded with the current settings, so that a fix shows at once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.shortfalls import Shortfall, count_shortfalls, general
from modeltap.store.stored_exchanges import StoredExchange, newest_successful

_EXCHANGES = 300
"""Enough to show a fraction of one in twenty; they are decoded in a fraction of a second."""


@dataclass(frozen=True)
class RecentRows:
    """Successful exchanges in order of arrival, with their rows and what they lack."""

    exchanges: Sequence[StoredExchange]
    batch: Batch
    counts: Counter[Shortfall]

    @cached_property
    def columns(self) -> dict[str, Sequence[Any]]:
        """The rows' columns, with one value per row."""
        return dict(self.batch.columns())

    @classmethod
    def nothing(cls) -> RecentRows:
        """Return an instance without exchanges."""
        return cls((), Batch(), Counter())

    def newest_without(self, shortfall: Shortfall) -> StoredExchange | None:
        """Return the last exchange whose note is a shortfall's reason; None if there is none."""
        for exchange in reversed(self.exchanges):
            note = self.batch.notes.get(exchange.seq)
            if note is not None and general(note.reason or "") == shortfall.reason:
                return exchange
        return None


def recent_rows(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    *,
    environment: str | None = None,
    within: int | None = None,
) -> RecentRows:
    """Read and decode the newest exchanges of a model.

    Args:
        settings: the model's own.
        environment: None for all environments, "" for exchanges without one.
        within: the number of the newest exchanges of all models to search; None for all.
    """
    exchanges = newest_successful(
        connection, model, _EXCHANGES, environment=environment, within=within
    )
    batch = read(exchanges, settings, Decoders(), connection)
    return RecentRows(exchanges, batch, count_shortfalls(exchanges, batch, settings))
