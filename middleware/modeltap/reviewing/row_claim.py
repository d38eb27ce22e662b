"""A claim of a row: the right to be the only one who is asked about it, for some time."""

from __future__ import annotations

import secrets
import sqlite3
import time

from modeltap import clock
from modeltap.reviewing.review_queue import QueuedRow
from modeltap.store.connection import writing
from modeltap.store.review_claims import ReviewClaim, take_claim

CLAIM_SECONDS = 600.0
"""The time to answer, after which somebody else may be asked about the row."""


def new_claim(
    exchange_id: str, row: int, model: str, reason: str, probability: float | None
) -> ReviewClaim:
    """Return a claim of a row for `CLAIM_SECONDS`, which is not stored yet."""
    until = clock.iso(time.time() + CLAIM_SECONDS)
    token = secrets.token_urlsafe(12)
    return ReviewClaim(token, exchange_id, row, model, reason, probability, until)


def claim_queued(connection: sqlite3.Connection, model: str, queued: QueuedRow) -> bool:
    """Claim a row of a queue; False if somebody is being asked about it, or was."""
    claim = new_claim(*queued.row.key, model, queued.reason, queued.probability)
    with writing(connection):
        return take_claim(connection, claim, clock.now())
