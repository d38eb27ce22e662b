"""The rows to ask about: a random sample, and rows that were chosen for some reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modeltap.store.reviews import ReviewableRow

RANDOM = "random"
"""The reason of rows that were drawn at random; only their labels count in metrics."""

RowPlace = tuple[str, int]
"""The id of an exchange, and the number of a row in it."""


@dataclass(frozen=True)
class QueuedRow:
    """A row to ask about.

    Args:
        probability: with which it was drawn at random; None if it was chosen.
    """

    row: ReviewableRow
    reason: str
    probability: float | None = None


@dataclass(frozen=True)
class ReviewQueue:
    """The rows to ask about, in order, and the chosen rows that were drawn at random later.

    Args:
        promoted: rows that were answered as chosen; they belong to the random sample, too.
        population: rows that could be drawn.
    """

    rows: Sequence[QueuedRow]
    promoted: Sequence[QueuedRow]
    population: int


def draw_of(place: RowPlace) -> float:
    """Return a row's fixed draw from the uniform distribution on [0, 1): a hash of its place.

    The random sample is the rows with the smallest draws. So it does not depend on the rows that
    were chosen before, and a row that is drawn in one session is drawn in the next.

    >>> 0 <= draw_of(("a", 0)) < 1, draw_of(("a", 0)) == draw_of(("a", 0))
    (True, True)
    """
    digest = hashlib.blake2b(f"{place[0]}/{place[1]}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def queue_of(
    rows: Sequence[ReviewableRow],
    reasons: Mapping[str, Sequence[RowPlace]],
    *,
    limit: int,
    random_fraction: float,
) -> ReviewQueue:
    """Return at most `limit` rows: the random sample, and then the reasons in turn.

    Args:
        rows: all rows, reviewed ones included.
        reasons: by reason, the places of rows, the most useful first.
        random_fraction: the part of the queue that is drawn at random. If the reasons have too
            few rows, more are drawn.
    """
    open_rows = {row.key: row for row in rows if row.reason is None and not row.is_labelled}
    wanted = min(limit, max(round(limit * random_fraction), 1 if random_fraction else 0))
    chosen = list(_in_turn(reasons, open_rows))
    if random_fraction:
        wanted = max(wanted, limit - len(chosen))
    drawn, promoted, population = _drawn(rows, wanted)
    places = {queued.row.key for queued in drawn}
    chosen = [queued for queued in chosen if queued.row.key not in places]
    chosen = chosen[: limit - len(drawn)]
    return ReviewQueue(_mixed(drawn, chosen), promoted, population)


def _drawn(
    rows: Sequence[ReviewableRow], wanted: int
) -> tuple[list[QueuedRow], list[QueuedRow], int]:
    """Return the new rows of the random sample, those answered as chosen, and the population."""
    population = sorted(
        (row for row in rows if not row.is_labelled), key=lambda row: draw_of(row.key)
    )
    asked: list[ReviewableRow] = []
    reached: list[ReviewableRow] = []
    size = 0
    for size, row in enumerate(population, 1):
        if len(asked) == wanted:
            size -= 1
            break
        if row.reason is None:
            asked.append(row)
        elif row.reason != RANDOM:
            reached.append(row)
    probability = size / len(population) if population else 0.0
    return (
        [QueuedRow(row, RANDOM, probability) for row in asked],
        [QueuedRow(row, RANDOM, probability) for row in reached],
        len(population),
    )


def _in_turn(
    reasons: Mapping[str, Sequence[RowPlace]], open_rows: Mapping[RowPlace, ReviewableRow]
) -> Iterator[QueuedRow]:
    """Yield each open row once: the first of each reason, then the second, and so on."""
    queues = {name: iter(places) for name, places in reasons.items()}
    taken: set[RowPlace] = set()
    while queues:
        for name in list(queues):
            place = next(
                (own for own in queues[name] if own in open_rows and own not in taken), None
            )
            if place is None:
                del queues[name]
                continue
            taken.add(place)
            yield QueuedRow(open_rows[place], name)


def _mixed(drawn: Sequence[QueuedRow], chosen: Sequence[QueuedRow]) -> list[QueuedRow]:
    """Return both in equal proportion from first to last, as a session may end at any time."""
    total = len(drawn) + len(chosen)
    mixed: list[QueuedRow] = []
    left, right = iter(drawn), iter(chosen)
    for at in range(total):
        due = (at + 1) * len(drawn) // total > at * len(drawn) // total
        mixed.append(next(left) if due else next(right))
    return mixed
