"""Rows that a person is being asked about, and that others are not asked about meanwhile."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from modeltap.store.label_sources import CHOSEN, REVIEW
from modeltap.store.reviews import ReviewableRow


class ReviewClaim(NamedTuple):
    """A claim of a row; `reason` and `probability` are those of the queue."""

    claim: str
    exchange_id: str
    row: int
    model: str
    reason: str
    probability: float | None
    until: str


_COLUMNS = ", ".join(ReviewClaim._fields)


def take_claim(connection: sqlite3.Connection, claim: ReviewClaim, now: str) -> bool:
    """Claim a row inside the caller's transaction; False if somebody has it, or reviewed it."""
    place = (claim.exchange_id, claim.row)
    taken = connection.execute(
        "select 1 from review_claims where exchange_id = ?1 and row = ?2 and until > ?3 "
        "union all select 1 from reviews where exchange_id = ?1 and row = ?2",
        (*place, now),
    ).fetchone()
    if taken is not None:
        return False
    connection.execute(
        f"insert or replace into review_claims ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)", claim
    )
    return True


def claim_with(connection: sqlite3.Connection, claim: str) -> ReviewClaim | None:
    """Return a claim, also one whose time is over; None if the row was reviewed meanwhile."""
    row = connection.execute(
        f"select {_COLUMNS} from review_claims where claim = ?", (claim,)
    ).fetchone()
    return None if row is None else ReviewClaim(*row)


def release_claim(connection: sqlite3.Connection, exchange_id: str, row: int) -> None:
    """End the claim of a row, if there is one, inside the caller's transaction."""
    connection.execute(
        "delete from review_claims where exchange_id = ? and row = ?", (exchange_id, row)
    )


def drop_claims(connection: sqlite3.Connection, before: str) -> None:
    """Delete the claims that ended before a time, inside the caller's transaction."""
    connection.execute("delete from review_claims where until < ?", (before,))


def reviewable_row(
    connection: sqlite3.Connection, exchange_id: str, row: int
) -> ReviewableRow | None:
    """Return one row; None if it is no longer stored."""
    stored = connection.execute(
        "select p.exchange_id, p.row, p.version, p.prediction, p.score, p.probabilities, "
        "p.event_time, 0, (select r.reason from reviews r where r.exchange_id = p.exchange_id "
        "and r.row = p.row) from predictions p "
        "where p.exchange_id = ? and p.row = ? and p.candidate = ''",
        (exchange_id, row),
    ).fetchone()
    return None if stored is None else ReviewableRow(*stored)


class StoredReview(NamedTuple):
    """A review of a row, with the label that it gave; None for a skipped row."""

    exchange_id: str
    row: int
    model: str
    reason: str
    probability: float | None
    state: str
    reviewed_at: str
    label: Any

    @property
    def source(self) -> str:
        """The source of its label."""
        return REVIEW if self.reason == "random" else CHOSEN


_REVIEWS = (
    "select exchange_id, row, model, reason, probability, state, reviewed_at, "
    "(select l.value from labels l where l.exchange_id = r.exchange_id and l.row = r.row "
    f"and l.source = iif(r.reason = 'random', '{REVIEW}', '{CHOSEN}') order by l.seq desc limit 1) "
    "from reviews r"
)


def review_of(connection: sqlite3.Connection, exchange_id: str, row: int) -> StoredReview | None:
    """Return the review of a row; None if it has none."""
    stored = connection.execute(
        f"{_REVIEWS} where exchange_id = ? and row = ?", (exchange_id, row)
    ).fetchone()
    return None if stored is None else StoredReview(*stored)


def newest_reviews(connection: sqlite3.Connection, model: str, limit: int) -> list[StoredReview]:
    """Return the last reviews of a model, the newest first."""
    rows = connection.execute(
        f"{_REVIEWS} where model = ? order by reviewed_at desc limit ?", (model, limit)
    )
    return [StoredReview(*row) for row in rows]


def delete_review(connection: sqlite3.Connection, exchange_id: str, row: int) -> None:
    """Delete the review of a row, inside the caller's transaction; its labels stay."""
    connection.execute("delete from reviews where exchange_id = ? and row = ?", (exchange_id, row))


class ReviewCount(NamedTuple):
    """The reviews of a model for one reason and with one result."""

    model: str
    reason: str
    state: str
    rows: int


def count_reviews(connection: sqlite3.Connection) -> list[ReviewCount]:
    """Return the numbers of reviews by model, reason and state, in order."""
    rows = connection.execute(
        "select model, reason, state, count(*) from reviews group by 1, 2, 3 order by 1, 2, 3"
    )
    return [ReviewCount(*row) for row in rows]
