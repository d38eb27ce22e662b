"""The drift of each feature by windows, as a heat map with the rows behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modeltap import clock
from modeltap.charts.heat_map import HeatCell, HeatMap, HeatRow
from modeltap.charts.time_marks import Mark
from modeltap.store.drift_history import (
    WorstCell,
    count_drift_windows,
    lost_by_feature,
    worst_cells,
)
from modeltap.store.models import ModelVersion
from modeltap.summaries.period import ShownPeriod
from modeltap.wording import number, plural

_MOST_COLUMNS = 120
_MOST_FEATURES = 40

CellUrl = Callable[[str, str], str | None]
"""Returns the page of a feature in a window, from the feature and the window's start."""


@dataclass(frozen=True)
class DriftMap:
    """A heat map of the strongest features, and all cells.

    `features` is the number of features with results; the map shows the first of them. `lost` is
    the loss of performance that goes with the drift of each feature, where it is known.
    """

    chart: HeatMap
    cells: list[WorstCell]
    features: int
    lost: dict[str, float]


def drift_map(
    connection: sqlite3.Connection,
    of: ModelVersion,
    period: ShownPeriod,
    url: CellUrl,
    marks: Sequence[Mark] = (),
) -> DriftMap:
    """Return the drift of a model's features in a period.

    A cell is the worst window of its feature in a 120th of the period, or a window if there are
    fewer windows. Features whose drift goes with a loss of performance are first, by that loss;
    then those with most alerts, then the strongest.
    """
    start, end = period.start_text, period.end_text
    columns = max(1, count_drift_windows(connection, of, start, end, _MOST_COLUMNS))
    cells = worst_cells(connection, of, period.start, period.end, columns)
    lost = lost_by_feature(connection, of, start, end)
    by_feature: dict[str, list[WorstCell]] = {}
    for cell in cells:
        by_feature.setdefault(cell.feature, []).append(cell)
    names = sorted(
        by_feature, key=lambda name: (lost.get(name, 0.0), *_rank(by_feature[name])), reverse=True
    )
    rows = [
        HeatRow(name, [_cell(cell, url) for cell in by_feature[name]], url(name, ""))
        for name in names[:_MOST_FEATURES]
    ]
    alerting = sum(any(cell.alerts for cell in by_feature[name]) for name in names)
    by_loss = "Features whose drift goes with lost performance are first. " if lost else ""
    chart = HeatMap(
        "Drift of the inputs and predictions",
        f"{plural(len(names), 'feature')} from {clock.short(period.start_text)} to "
        f"{clock.short(period.end_text)}; {alerting} with alerts. {by_loss}A darker cell is "
        "stronger drift, a dot is an alert.",
        period.start,
        period.end,
        columns,
        rows,
        marks,
    )
    return DriftMap(chart, cells, len(names), lost)


def _rank(cells: list[WorstCell]) -> tuple[int, float]:
    return sum(cell.alerts for cell in cells), max((cell.strength or 0.0) for cell in cells)


def _cell(cell: WorstCell, url: CellUrl) -> HeatCell:
    windows = "" if cell.windows == 1 else f", worst of {cell.windows} windows"
    drift_text = "not tested" if cell.value is None else f"drift {number(cell.value)}"
    title = f"{cell.feature}, {clock.short(cell.window_start)}{windows}: {drift_text}"
    if cell.verdict not in (None, "ok"):
        title += f" ({cell.verdict.replace('_', ' ')})"
    return HeatCell(
        cell.column,
        cell.strength if cell.verdict in ("ok", "alert") else None,
        bool(cell.alerts),
        title,
        url(cell.feature, cell.window_start),
    )
