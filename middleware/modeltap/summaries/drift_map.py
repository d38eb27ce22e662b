"""The drift of each feature by windows, as a heat map with the rows behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from modeltap import clock
from modeltap.charts.heat_map import HeatCell, HeatMap, HeatRow, cell_width
from modeltap.charts.time_marks import Mark
from modeltap.store.drift_history import (
    DriftRank,
    WorstCell,
    count_drift_windows,
    drift_ranks,
    drifting_features,
    lost_by_feature,
    worst_cells,
)
from modeltap.store.models import ModelVersion
from modeltap.summaries.period import ShownPeriod
from modeltap.wording import number, plural, shortened

_MOST_COLUMNS = 120
_MOST_FEATURES = 40
_NAME_CHARACTERS = 40


class ClickedColumns(NamedTuple):
    """The columns of a map that is clicked.

    Attributes:
        start, end: of the map, in seconds since the epoch.
        columns: their number.
        width: of a column, in pixels.
    """

    start: float
    end: float
    columns: int
    width: int


class MapLinks(NamedTuple):
    """The pages that a map links to.

    Attributes:
        feature: returns the page of a feature in a window, from its name and the window's start,
            which is empty for the last window.
        click: returns the address that a click on a feature's row leads to.
        blank: the address of an image without content.
    """

    feature: Callable[[str, str], str]
    click: Callable[[str, ClickedColumns], str]
    blank: str


@dataclass(frozen=True)
class DriftMap:
    """A heat map of the strongest features, and the cells by feature.

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
    links: MapLinks | None = None,
    marks: Sequence[Mark] = (),
    *,
    is_whole: bool = False,
) -> DriftMap:
    """Return the drift of a model's features in a period.

    A cell is the worst window of its feature in a 120th of the period, or a window if there are
    fewer windows. Features whose drift goes with a loss of performance are first, by that loss;
    then those with most alerts, then the strongest.

    Args:
        links: the pages behind the cells; None for a picture without links.
        is_whole: whether `cells` has all features, also those that the map leaves out.
    """
    start, end = period.start_text, period.end_text
    columns = max(1, count_drift_windows(connection, of, start, end, _MOST_COLUMNS))
    lost = lost_by_feature(connection, of, start, end)
    by_feature: dict[str, list[WorstCell]]
    names = drifting_features(connection, of)
    if is_whole or len(names) <= _MOST_FEATURES:
        by_feature = _cells(connection, of, names, period, columns)
        ranks = _ordered([_rank(cells) for cells in by_feature.values()], lost)
    else:
        ranks = _ordered(drift_ranks(connection, of, start, end), lost)
        shown = [rank.feature for rank in ranks[:_MOST_FEATURES]]
        by_feature = _cells(connection, of, shown, period, columns)
    shape = ClickedColumns(period.start, period.end, columns, cell_width(columns))
    alerting = sum(rank.alerts > 0 for rank in ranks)
    by_loss = "Features whose drift goes with lost performance are first. " if lost else ""
    chart = HeatMap(
        "Drift of the inputs and predictions",
        f"{plural(len(ranks), 'feature')} from {clock.short(period.start_text)} to "
        f"{clock.short(period.end_text)}; {alerting} with alerts. {by_loss}A darker cell is "
        "stronger drift, a dot is an alert.",
        period.start,
        period.end,
        columns,
        [_row(rank, by_feature[rank.feature], links, shape) for rank in ranks[:_MOST_FEATURES]],
        marks,
        None if links is None else links.blank,
    )
    cells = [cell for rank in ranks for cell in by_feature.get(rank.feature, ())]
    return DriftMap(chart, cells, len(ranks), lost)


def _cells(
    connection: sqlite3.Connection,
    of: ModelVersion,
    names: Sequence[str],
    period: ShownPeriod,
    columns: int,
) -> dict[str, list[WorstCell]]:
    cells = worst_cells(connection, of, names, period.start, period.end, columns)
    return {name: list(own) for name, own in groupby(cells, key=lambda cell: cell.feature)}


def _rank(cells: Sequence[WorstCell]) -> DriftRank:
    return DriftRank(
        cells[0].feature,
        sum(cell.windows for cell in cells),
        sum(cell.alerts for cell in cells),
        max((cell.tested_strength or 0.0) for cell in cells),
    )


def _ordered(ranks: Sequence[DriftRank], lost: dict[str, float]) -> list[DriftRank]:
    return sorted(
        ranks,
        key=lambda rank: (lost.get(rank.feature, 0.0), rank.alerts, rank.strength or 0.0),
        reverse=True,
    )


def _row(
    rank: DriftRank, cells: Sequence[WorstCell], links: MapLinks | None, shape: ClickedColumns
) -> HeatRow:
    summary = f"{rank.alerts:,} of {plural(rank.windows, 'window')} alert" if rank.alerts else ""
    return HeatRow(
        rank.feature,
        [_cell(cell, links) for cell in cells],
        summary or f"no alert in {plural(rank.windows, 'window')}",
        None if links is None else links.feature(rank.feature, ""),
        None if links is None else links.click(rank.feature, shape),
    )


def _cell(cell: WorstCell, links: MapLinks | None) -> HeatCell:
    value = "" if cell.value is None else number(cell.value)
    if not cell.alerts:
        tested = "" if cell.is_tested else "?"
        return HeatCell(cell.column, cell.tested_strength, False, value + tested)
    name = shortened(cell.feature, _NAME_CHARACTERS)
    title = f"{name}, {clock.short(cell.window_start)}: drift {value}, alert"
    url = None if links is None else links.feature(cell.feature, cell.window_start)
    return HeatCell(cell.column, cell.tested_strength, True, f"{value}!", title, url)
