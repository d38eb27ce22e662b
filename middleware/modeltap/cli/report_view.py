"""A report on a terminal: a table of each window, with bars and sparklines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modeltap import clock
from modeltap.cli.common import character_chart
from modeltap.cli.first_rows import ReportedRow, by_window
from modeltap.environments import named, with_environment
from modeltap.output import echo, echo_paragraph, emit_table, one_line
from modeltap.store.models import ModelVersion
from modeltap.store.recent_values import recent_values
from modeltap.wording import plural

_BAR = 8
"""Characters of a bar of twice the threshold, whose mark is in the middle."""

_TREND_WINDOWS = 16
"""Windows of a sparkline."""

_DROPPED = ("window_start", "rows")
"""Columns that the heading of a window replaces."""


def print_windows(
    connection: sqlite3.Connection,
    rows: Sequence[ReportedRow],
    columns: Sequence[str],
    *,
    has_bars: bool,
) -> None:
    """Print the rows of each window as a table under a heading.

    Args:
        columns: of the same report in a pipe.
        has_bars: whether thresholds are upper limits, which a bar compares with the value.
    """
    for number, window in enumerate(by_window(rows)):
        if number:
            echo("")
        echo_paragraph(_heading(window))
        drawn = _named_once(_with_trends(connection, window))
        shown = [name for name in columns if name not in _DROPPED]
        if has_bars:
            drawn = [{**row, "effect": _bar(row)} for row in drawn]
            shown = _before_verdict(shown, "effect")
        shown = _before_verdict(shown, "trend")
        emit_table(drawn, [name for name in shown if _is_worth(drawn, name)], "")


def _heading(window: Sequence[ReportedRow]) -> str:
    row = window[0]
    version = with_environment(row["version"] or "", row["environment"])
    name = named(f"{row['model'] or 'all models'} {row['version'] or ''}".strip(), version)
    if row["window_end"] is None:
        return f"{name}:"
    start = min(row["window_start"] for row in window)
    rows = plural(max(row["rows"] or 0 for row in window), "row")
    return f"{name}, {clock.short(start)} to {clock.short(row['window_end'])}, {rows}:"


def _before_verdict(columns: Iterable[str], name: str) -> list[str]:
    before = [column for column in columns if column not in ("verdict", "explanation")]
    return [*before, name, "verdict", "explanation"]


def _named_once(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Return rows of drift with the metric in place of a missing feature, so that one suffices."""
    of_features = {row["metric"] for row in rows if row["feature"] is not None}
    of_rows = {row["metric"] for row in rows if row["feature"] is None}
    if of_features != {"drift"} or "drift" in of_rows:
        return rows
    return [{**row, "feature": row["feature"] or row["metric"], "metric": None} for row in rows]


def _is_worth(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Return whether a column has a value in any row."""
    return any(row[name] not in (None, "") for row in rows)


def _bar(row: ReportedRow) -> str:
    value, threshold = row["value"], row["threshold"]
    if value is None or threshold is None or threshold < 0:
        return ""
    exceeded = 1.0 if value > 0 else 0.0
    fraction = value / (2 * threshold) if threshold else exceeded
    return character_chart().bar(fraction, _BAR, mark=0.5)


def _with_trends(
    connection: sqlite3.Connection, window: Sequence[ReportedRow]
) -> list[dict[str, Any]]:
    """Return rows with `trend`: the metric in the last windows up to this one."""
    known: dict[str, dict[tuple[str | None, str | None], list[float | None]]] = {}
    rows = []
    for row in window:
        metric = row["metric"]
        if metric not in known:
            known[metric] = _recent(connection, row)
        values = known[metric].get((row["feature"], row["segment"]), [])
        # The threshold is on the scale: variation far from it looks small.
        limits = row["threshold"], row["threshold"]
        trend = character_chart().sparkline(values, *limits) if len(values) > 1 else ""
        rows.append({**row, "trend": trend.rstrip(), "explanation": _explanation(row)})
    return rows


def _explanation(row: ReportedRow) -> str | None:
    """Return the explanation; without an alert, as much of it as fits on one line."""
    text: str | None = row["explanation"]
    return text if text is None or row["verdict"] == "alert" else one_line(text)


def _recent(
    connection: sqlite3.Connection, row: ReportedRow
) -> dict[tuple[str | None, str | None], list[float | None]]:
    if row["window_end"] is None:
        return {}
    version = with_environment(row["version"], row["environment"])
    of = ModelVersion(row["model"], version)
    return recent_values(connection, of, row["metric"], row["window_end"], _TREND_WINDOWS)
