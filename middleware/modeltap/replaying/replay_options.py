"""The options of a replay: which requests are sent, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modeltap import clock
from modeltap.errors import InputError, check_count
from modeltap.replaying.candidate_address import MAX_NAME

_MAX_CONCURRENCY = 100
"""More requests at a time measure the candidate's queue instead of its model."""


@dataclass(frozen=True)
class ReplayOptions:
    """The selection of requests, and the way of sending; checked when it is built.

    Args:
        name: the candidate's name; by default host, port and path of the URL.
        rate: requests per second; None for as many as the candidate answers.
        concurrency: requests on their way at a time, at most 100.
        since: the first event time, such as "2013-06-01"; None for all.
        limit: only so many of the newest requests; None for all.
        labelled: only requests that have a label.
        headers: further headers of all requests.
        timeout_seconds: the limit of one request.
        outage_seconds: how long a candidate that has answered before may be unreachable.
        again: delete the candidate's earlier predictions first.

    >>> ReplayOptions(rate=0)
    Traceback (most recent call last):
    modeltap.errors.InputError: rate 0 is not valid; give requests per second above 0
    """

    name: str | None = None
    rate: float | None = None
    concurrency: int = 4
    since: str | None = None
    limit: int | None = None
    labelled: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 30.0
    outage_seconds: float = 10.0
    again: bool = False

    def __post_init__(self) -> None:
        if self.name is not None and not 0 < len(self.name.strip()) <= MAX_NAME:
            raise InputError(
                f"name {self.name[:40]!r} is not valid; give 1 to {MAX_NAME} characters"
            )
        if self.rate is not None and not self.rate > 0:
            raise InputError(f"rate {self.rate!r} is not valid; give requests per second above 0")
        if not 1 <= self.concurrency <= _MAX_CONCURRENCY:
            raise InputError(
                f"concurrency {self.concurrency!r} is not valid; give 1 to {_MAX_CONCURRENCY}"
            )
        if self.limit is not None:
            check_count(self.limit, "limit")
        if not self.timeout_seconds > 0:
            raise InputError(
                f"timeout_seconds {self.timeout_seconds!r} is not valid; give seconds above 0"
            )
        for name, value in self.headers.items():
            _check_header(name, value)
        clock.stored_time(self.since)

    @property
    def first_time(self) -> str:
        """The first event time as the store has it; "" for all.

        >>> ReplayOptions(since="2013-06-01").first_time
        '2013-06-01T00:00:00.000Z'
        """
        return clock.stored_time(self.since) or ""


def _check_header(name: str, value: str) -> None:
    is_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    if not is_name or any(character in value for character in "\r\n\0"):
        raise InputError(f"header {name!r} is not valid; write 'name: value'")
