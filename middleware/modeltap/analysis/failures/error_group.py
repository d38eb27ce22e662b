"""A group of errors of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

ErrorKind = Literal["prediction", "request", "validation"]

EXAMPLES = 5
"""Ids of exchanges that a group has."""


@dataclass(frozen=True, kw_only=True)
class ErrorGroup:
    """Wrong predictions, failed requests, or invalid values of a field.

    Args:
        type: `confusion`, `large_error` or `slice` for predictions; else the exception, the
            service's code, or the validator's.
        count: rows of predictions, else exchanges.
        fraction: its part of the wrong predictions, or of the failed requests.
        message: without the parts that differ from one request to the next.
        example: the newest complete message.
        error: a mean error or, for `large_error`, the absolute error.
        lift: the error of a slice in units of the error of the other rows.
        examples: ids of exchanges.
    """

    kind: ErrorKind
    type: str | None = None
    count: int
    fraction: float | None = None
    predicted: Any = None
    label: Any = None
    slice: str | None = None
    error: float | None = None
    lift: float | None = None
    status: int | None = None
    method: str | None = None
    path: str | None = None
    field: str | None = None
    message: str | None = None
    example: str | None = None
    first_at: str | None = None
    last_at: str | None = None
    examples: Sequence[str] = ()

    def row(self) -> dict[str, Any]:
        """Return the group as a row."""
        return {**asdict(self), "examples": list(self.examples)}
