"""A chart of a feature's distribution in the reference and in the latest window."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.analysis.counting.counter import total
from modeltap.analysis.explanations.histogram import distribution
from modeltap.analysis.model.reference import Reference, layout
from modeltap.cli.common import character_chart
from modeltap.environments import with_environment
from modeltap.output import columns_beside, echo, ellipsis
from modeltap.printable import escaped
from modeltap.store.references import active_reference
from modeltap.store.windows import Series, evaluated_with
from modeltap.text_width import cut, width
from modeltap.wording import percent

_LONGEST_BAR, _SHORTEST_BAR = 30, 10
"""Characters of a full bar, on a terminal of 80 columns and on a narrow one."""

_BESIDE_BAR = 45
"""Columns of the texts before a bar."""

_LABEL = 24
"""Columns of a label on the left; a longer one is cut."""


def print_feature_chart(
    connection: sqlite3.Connection,
    model: str | None,
    feature: str,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Print a bar chart of a feature's distribution in the reference and the latest window."""
    if not rows:
        return
    latest = rows[0]
    if model not in (None, latest["model"]):
        return
    version = with_environment(latest["version"], latest["environment"])
    frozen = active_reference(connection, latest["model"], version)
    if frozen is None:
        return
    series = Series(frozen.model, frozen.version, frozen.id, latest["window"])
    windows = evaluated_with(connection, series, latest["window_start"])
    if not windows:
        return
    reference = Reference.from_json(frozen.payload)
    bins = reference.by_name.get(feature)
    if bins is None:
        return
    counts = total(windows).counts[layout(reference)[feature]]
    room = columns_beside(_BESIDE_BAR)
    longest = _LONGEST_BAR if room is None else max(_SHORTEST_BAR, min(room, _LONGEST_BAR))
    echo("", f"{feature}: reference and latest window")
    for bar in distribution(bins, counts):
        for series_name, fraction in (("reference", bar.reference), ("window", bar.window)):
            label = (
                cut(escaped(bar.label), _LABEL, ellipsis()) if series_name == "reference" else ""
            )
            space = " " * (_LABEL - width(label))
            drawn = character_chart().bar(fraction, longest)
            echo(f"{space}{label}  {series_name:9}  {percent(fraction):>6}  {drawn}".rstrip())
