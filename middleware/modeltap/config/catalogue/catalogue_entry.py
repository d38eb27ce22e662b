"""One metric of the catalogue."""

from __future__ import annotations

from typing import Literal

import msgspec

Better = Literal["higher", "lower"]


class CatalogueEntry(msgspec.Struct, frozen=True):
    """A metric: its unit, its direction, its rule and its report.

    Args:
        better: the direction of improvement, None if there is none.
        rule: the alert rule it belongs to.
        report: the command that shows it.
        has_verdict: whether it has a verdict; otherwise it is descriptive.
        explained_by: metrics whose alerts about the same column and window explain this one's.
        while_learning: whether it may alert before the reference is frozen.
        leaves_out: whether windows in which it alerted are excluded from the reference.
    """

    name: str
    unit: str
    better: Better | None
    rule: str | None
    report: str | None
    has_verdict: bool
    description: str
    explained_by: tuple[str, ...] = ()
    while_learning: bool = False
    leaves_out: bool = False
