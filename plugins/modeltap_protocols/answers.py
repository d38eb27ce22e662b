"""What the values of an answer are: labels, numbers, scores, probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modeltap.payload import Decoded


def predict(found: Decoded, values: Sequence[Any], scores: Sequence[Any] = ()) -> Decoded:
    """Pair the rows of `found` with an answer's values, one a row, and with its scores.

    Values that sum to 1 are probabilities: the prediction is the place of the largest.

    >>> predict(Decoded(rows=[{"a": 1}]), [[0.2, 0.8]]).predictions
    [1]
    >>> predict(Decoded(rows=[{"a": 1}, {"a": 2}]), [[7.5], ["high"]]).predictions
    [7.5, 'high']
    """
    return found.pair(
        [value.index(max(value)) if is_distribution(value) else scalar(value) for value in values],
        [number(value) for value in scores],
        [value if is_distribution(value) else None for value in values],
    )


def listed(value: Any, rows: int) -> list[Any]:
    """Return an answer's member as one value for each row, as far as it can be that.

    >>> listed([0.5, 0.5], 1), listed([0.5, 0.5], 2), listed(3, 1)
    ([[0.5, 0.5]], [0.5, 0.5], [3])
    """
    if type(value) is not list:
        return [value]
    # Floats for one row that sum to 1 are a distribution, not as many predictions.
    return [value] if rows == 1 and is_distribution(value) else value


def is_distribution(value: Any) -> bool:
    """Say whether `value` is a list of probabilities: at least two, one a float, in all 1.

    >>> is_distribution([0.2, 0.8]), is_distribution([0, 1]), is_distribution([0.2, 0.3])
    (True, False, False)
    """
    return (
        type(value) is list
        and len(value) > 1
        and {float} <= set(map(type, value)) <= {float, int}
        and all(0 <= p <= 1 for p in value)
        and abs(sum(value) - 1) < 1e-3
    )


def scalar(value: Any) -> Any:
    """Return a prediction as a number or text; a list of one is that one; None for all else.

    >>> scalar([3]), scalar(True), scalar({"a": 1})
    (3, 'true', None)
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is bool:
        return "true" if value else "false"
    return value if type(value) in (str, int, float) else None


def number(value: Any) -> float | None:
    """Return a score as a float; None for what is no number, or a list of more than one.

    >>> number(1), number([0.5]), number("high")
    (1.0, 0.5, None)
    """
    if type(value) is list and len(value) == 1:
        value = value[0]
    return float(value) if type(value) in (int, float) else None
