"""Sources of labels, and those that count as ground truth in metrics.

Labels of a judge are estimates. Labels of rows that were chosen for a review are true, but such
rows are harder than others, so that they would bias each rate.
"""

from __future__ import annotations

JUDGE = "judge"
"""The source of the labels that a language model gave, instead of a person or an event."""

REVIEW = "review"
"""The source of the labels that people gave to rows drawn at random."""

CHOSEN = "review_chosen"
"""The source of the labels that people gave to rows that were chosen, for example as unusual."""


def is_truth(alias: str) -> str:
    """Return the condition of ground truth for a table alias.

    >>> is_truth("l")
    "l.source is not 'judge' and l.source is not 'review_chosen'"
    """
    return f"{alias}.source is not '{JUDGE}' and {alias}.source is not '{CHOSEN}'"


OF_TRUTH = is_truth("l")
"""The condition of ground truth for labels `l`."""
