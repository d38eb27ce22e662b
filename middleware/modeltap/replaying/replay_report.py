"""The result of a replay."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

_NAMED = 3
"""The reasons that a message names."""


@dataclass(frozen=True)
class ReplayReport:
    """The counts of one run; the store has the candidate's predictions.

    Args:
        model: the model whose requests were sent.
        candidate: the name under which the predictions are stored.
        url: the candidate's URL, without user name and password.
        requests: the stored requests that were selected.
        answered_before: those that the candidate had answered in an earlier run.
        sent: the requests that were sent in this run and have a response or a failure.
        answered: those of them that have at least one prediction.
        rows: the predictions of this run.
        failed: the requests that were sent and have no prediction, by reason.
        left_out: the requests that cannot be sent, by reason.
        stopped: why the run ended before its last request; None if it did not.
    """

    model: str
    candidate: str
    url: str
    requests: int
    answered_before: int
    sent: int = 0
    answered: int = 0
    rows: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None

    @property
    def failure(self) -> str | None:
        """The reason why the run counts as failed, in a sentence; None if it does not."""
        if self.stopped is not None:
            return f"{self.url}: {self.stopped}{_listed(self.failed)}"
        if self.answered or self.answered_before:
            return None
        if self.sent:
            return f"{self.url}: no response has a prediction{_listed(self.failed)}"
        if self.requests:
            return f"no stored request of {self.model!r} can be sent again{_listed(self.left_out)}"
        return f"no stored request of {self.model!r} matches the given options"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dictionary for JSON."""
        return asdict(self)


def _listed(counts: dict[str, int]) -> str:
    """Return the most frequent reasons in one line.

    >>> _listed({"status 404": 100, "timeout": 1})
    ': status 404 (100), timeout (1)'
    """
    reasons = [f"{reason} ({count:,})" for reason, count in list(counts.items())[:_NAMED]]
    return f": {', '.join(reasons)}" if reasons else ""
