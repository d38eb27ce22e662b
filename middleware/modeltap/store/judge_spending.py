"""Spending of a judge: calls and tokens by model and day, reserved before each call."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Spending(NamedTuple):
    """Calls and tokens of a day."""

    calls: int
    tokens: int


def reserve_call(
    connection: sqlite3.Connection, model: str, day: str, tokens: int, limits: Spending
) -> bool:
    """Reserve a call with at most `tokens`, inside the caller's transaction.

    Returns False, and reserves nothing, if it would exceed the limits of the day. The check and
    the reservation are one statement, so processes cannot exceed the limits together.
    """
    connection.execute(
        "insert or ignore into judge_spending (model, day, calls, tokens) values (?, ?, 0, 0)",
        (model, day),
    )
    changed = connection.execute(
        "update judge_spending set calls = calls + 1, tokens = tokens + :tokens "
        "where model = :model and day = :day and calls < :most_calls "
        "and tokens + :tokens <= :most_tokens",
        {
            "model": model,
            "day": day,
            "tokens": tokens,
            "most_calls": limits.calls,
            "most_tokens": limits.tokens,
        },
    ).rowcount
    return changed == 1


def settle_call(
    connection: sqlite3.Connection, model: str, day: str, reserved: int, used: int
) -> None:
    """Replace the reserved tokens of a call by those it used, inside the transaction."""
    connection.execute(
        "update judge_spending set tokens = max(0, tokens + ? - ?) where model = ? and day = ?",
        (used, reserved, model, day),
    )


def spent(connection: sqlite3.Connection, model: str, day: str) -> Spending:
    """Return the calls and tokens of a model's judge on a day, with reservations."""
    row = connection.execute(
        "select calls, tokens from judge_spending where model = ? and day = ?", (model, day)
    ).fetchone()
    return Spending(0, 0) if row is None else Spending(*row)
