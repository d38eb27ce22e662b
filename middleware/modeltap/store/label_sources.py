"""Sources of labels: those of a judge are estimates and never count as ground truth."""

from __future__ import annotations

JUDGE = "judge"
"""The source of the labels that a language model gave, instead of a person or an event."""


def is_truth(alias: str) -> str:
    """Return the condition of ground truth for a table alias.

    >>> is_truth("l")
    "l.source is not 'judge'"
    """
    return f"{alias}.source is not '{JUDGE}'"


OF_TRUTH = is_truth("l")
"""The condition of ground truth for labels `l`."""
