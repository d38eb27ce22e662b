"""The columns of a reference that become features, at most `max_features` of them.

Clients choose the names in rows, and each feature costs its metrics in every window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeVar

from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output

C = TypeVar("C")
"""A column's values."""

_NAMED = 3
"""Columns that are listed as examples."""

_NAME_LENGTH = 60
"""Longer names are cut, because people read the message."""


def choose_columns(
    columns: Mapping[str, C],
    most: int,
    *,
    declared: Collection[str] = (),
    before: Collection[str] = (),
) -> tuple[dict[str, C], tuple[str, ...]]:
    """Return the columns that become features, in their order, and the names of the others.

    Declared columns come first, then those of the previous reference, then the others in their
    order; so a new reference monitors the columns of the old one. A model's outputs do not count.

    >>> columns = {"a": [1], "b": [2], "c": [3], "prediction": [4]}
    >>> choose_columns(columns, 2, declared=["c"])
    ({'a': [1], 'c': [3], 'prediction': [4]}, ('b',))
    """
    inputs = [name for name in columns if not is_output(name)]
    if len(inputs) <= most:
        return dict(columns), ()
    ranked = sorted(inputs, key=lambda name: (name not in declared, name not in before))
    left = frozenset(ranked[most:])
    chosen = {name: column for name, column in columns.items() if name not in left}
    return chosen, tuple(name for name in inputs if name in left)


def notice(reference: Reference) -> str | None:
    """Return a message about columns that are not monitored; None if all are."""
    left = reference.unmonitored
    if not left:
        return None
    total = len(reference.columns) + len(left)
    # Clients choose the names; repr keeps control characters out of logs.
    named = ", ".join(repr(name[:_NAME_LENGTH]) for name in left[:_NAMED])
    more = " ..." if len(left) > _NAMED else ""
    return (
        f"{len(left):,} of {total:,} columns are not monitored ({named}{more}), "
        f"because max_features is {len(reference.columns):,}; raise it, or declare important ones "
        f"in [models.{reference.model}.features.NAME]; then set or learn a new reference"
    )


def list_notice(reference: Reference) -> str | None:
    """Return a message about lists of which each place is a feature; None if there are none."""
    sizes = Counter(
        feature.name.rpartition(".")[0]
        for feature in reference.columns
        if feature.name.rpartition(".")[2].isdigit()
    )
    known = reference.by_name
    whole = [n for n, s in sizes.items() if n and all(f"{n}.{at}" in known for at in range(s))]
    if not whole:
        return None
    name, size = whole[0][:_NAME_LENGTH], sizes[whole[0]]
    others = f", and {len(whole) - 1} more lists likewise" if len(whole) > 1 else ""
    return (
        f"{name!r} is {size} features, one for each number of the list{others}; if that is one "
        f'vector, set type = "vector" in [models.{reference.model}.features.{name}]'
    )
