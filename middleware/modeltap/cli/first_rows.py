"""The rows that a report lists first: alerts, then the strongest effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

ReportedRow = Mapping[str, Any]

_WINDOW = ("model", "version", "environment", "window_end")
"""Windows with one end are one window: some metrics need more rows and start earlier."""


class FirstRows(NamedTuple):
    """The rows that are listed, and how many others there are by verdict."""

    rows: list[ReportedRow]
    others: Counter[str]

    @property
    def note(self) -> str | None:
        """The number of other rows by verdict, as text; None without any.

        >>> FirstRows([], Counter({"ok": 9, "not comparable": 2})).note
        '11 more rows: 9 ok, 2 not comparable'
        """
        count = self.others.total()
        if not count:
            return None
        verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in self.others.items())
        return f"{count:,} more row{'s' if count > 1 else ''}: {verdicts}"


def by_window(rows: Iterable[ReportedRow]) -> list[list[ReportedRow]]:
    """Return rows by model and window, in the order in which the windows come."""
    windows: dict[tuple[Any, ...], list[ReportedRow]] = {}
    for row in rows:
        windows.setdefault(tuple(row[name] for name in _WINDOW), []).append(row)
    return list(windows.values())


def first_rows(rows: Sequence[ReportedRow], least: int) -> FirstRows:
    """Return the alerts of each window, and rows without an alert up to `least` in all.

    Rows with a value precede those without one; otherwise their order is kept.
    """
    shown: list[ReportedRow] = []
    others: Counter[str] = Counter()
    for window in by_window(rows):
        ranked = sorted(window, key=_rank)
        alerts = sum(row["verdict"] == "alert" for row in window)
        number = max(least, alerts)
        # A note about one row would take the place of that row.
        number = len(ranked) if len(ranked) == number + 1 else number
        shown += ranked[:number]
        others.update(_verdict(row) for row in ranked[number:])
    return FirstRows(shown, others)


def _rank(row: ReportedRow) -> int:
    if row["verdict"] == "alert":
        return 0
    if row["value"] is not None and row["verdict"] in ("ok", None):
        return 1
    return 2 if row["explanation"] else 3


def _verdict(row: ReportedRow) -> str:
    if row["verdict"] is None:
        return "not tested" if row["value"] is not None else "not known yet"
    return str(row["verdict"]).replace("_", " ")
