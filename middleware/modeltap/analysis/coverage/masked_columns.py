"""Columns that a mask blanks in all recent rows before a reference knows them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from modeltap.analysis.coverage.recent_rows import RecentRows
from modeltap.analysis.coverage.unmonitored import Unmonitored
from modeltap.config.metrics import is_output
from modeltap.privacy.marks import MASK

MASKED = "masked in all rows"

MASKED_ROWS = 20
"""Fewer rows may come from a few users who send a secret in place of a number."""


def masked_columns(
    model: str, recent: RecentRows, known: Collection[str], total: int
) -> Iterator[Unmonitored]:
    """Yield the columns of recent rows, except those `known`, whose values are all masked.

    Args:
        known: the columns of references, which have findings of their own.
        total: the number of the model's columns.
    """
    for name, values in recent.columns.items():
        present = [value for value in values if value is not None]
        is_masked = len(present) >= MASKED_ROWS and all(value == MASK for value in present)
        if is_masked and name not in known and not is_output(name):
            yield Unmonitored(
                check="features",
                model=model,
                level="note",
                subject=name,
                count=1,
                total=total,
                reason=MASKED,
                fix=unmask(name),
            )


def unmask(column: str) -> str:
    """Return the setting that keeps the values of a column.

    >>> unmask("user.auth_method")
    "if it is not secret, set unmask_body_fields = ['^auth_method$']"
    """
    field = re.escape(column.rpartition(".")[2])
    return f"if it is not secret, set unmask_body_fields = ['^{field}$']"
