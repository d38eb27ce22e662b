"""Requests that were chosen for a challenger, by hour and outcome."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

KEPT = "kept"
"""The outcome of a request whose predictions are stored; any other is the reason of a loss."""


class ShadowCount(NamedTuple):
    """A number of requests of a model in an environment with the same outcome in an hour."""

    model: str
    environment: str
    candidate: str
    hour: str
    outcome: str
    requests: int


def add_shadow_counts(connection: sqlite3.Connection, counts: Iterable[ShadowCount]) -> None:
    """Add counts to those in the store, inside the caller's transaction."""
    connection.executemany(
        "insert into shadow_counts (model, environment, candidate, hour, outcome, count) "
        "values (?, ?, ?, ?, ?, ?) on conflict do update set count = count + excluded.count",
        counts,
    )


class ShadowTotal(NamedTuple):
    """The outcomes of all requests of a model that were chosen for a challenger since a time.

    Args:
        kept: requests whose predictions are stored.
        losses: the other requests by reason, the most frequent first.
        last_hour: the start of the last hour with any outcome.
    """

    model: str
    environment: str
    candidate: str
    kept: int
    losses: dict[str, int]
    last_hour: str

    @property
    def lost(self) -> int:
        """The number of requests without predictions."""
        return sum(self.losses.values())


def shadow_totals(
    connection: sqlite3.Connection, model: str | None = None, *, since: str = ""
) -> list[ShadowTotal]:
    """Return the outcomes for each challenger of a model, or of all models.

    Args:
        since: leaves out earlier hours.
    """
    rows = connection.execute(
        "select model, environment, candidate, outcome, sum(count), max(hour) from shadow_counts "
        "where (? is null or model = ?) and hour >= ? group by 1, 2, 3, 4 "
        "order by 1, 2, 3, 5 desc, 4",
        (model, model, since),
    ).fetchall()
    groups: dict[tuple[str, str, str], list[tuple[str, int, str]]] = {}
    for name, environment, candidate, *rest in rows:
        groups.setdefault((name, environment, candidate), []).append((rest[0], rest[1], rest[2]))
    return [_total(key, outcomes) for key, outcomes in groups.items()]


def _total(key: tuple[str, str, str], outcomes: list[tuple[str, int, str]]) -> ShadowTotal:
    losses = {outcome: count for outcome, count, _ in outcomes if outcome != KEPT}
    kept = sum(count for outcome, count, _ in outcomes if outcome == KEPT)
    return ShadowTotal(*key, kept, losses, max(hour for *_, hour in outcomes))
