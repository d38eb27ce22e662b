"""Alerts that people get on two real data sets with seasons, by default settings.

    python benchmarks/real_seasons.py --data ../shared/data [--only nyc_flights] [--weeks WEEKS]
        [--setting default]

The first weeks of each, imported and analysed a day a pass, in the time zone of the place where
there is such a setting. `nyc_flights` by what is known when a flight is scheduled, `bike_sharing`
by season and weather. Printed are the incidents found in each week, and the words of each.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from machine import describe
from shop import DAY, WEEK

from incidents import Incident, Watch, exchange, options_of
from modeltap import clock
from modeltap.config.settings import Settings
from modeltap.ingest.files.table import open_table
from modeltap.ingest.importer import Importer, import_entries
from modeltap.ingest.roles import choose_roles
from modeltap.store.connection import connect

FEATURES = {
    "nyc_flights": ("carrier", "origin", "dest", "distance", "hour", "weekday"),
    "bike_sharing": ("season", "holiday", "workingday", "weathersit", "temp", "hum", "windspeed"),
}
WEEKS = {"nyc_flights": 8, "bike_sharing": 104}
"""A row an hour takes 12 weeks to be the 2,000 that a reference has by default."""

ZONE = "America/New_York"
"""Of both: they tell local time."""

Row = tuple[float, dict[str, Any]]
"""An event time in Unix seconds, and features."""


def rows_of(data: Path, name: str, weeks: int) -> list[Row]:
    """Return the first weeks of a data set, in order of time."""
    table = open_table(data / name / "data.csv.gz")
    roles = choose_roles(table, timestamp="timestamp")
    rows = sorted((row_of(roles.time_of(row) or 0.0, row, name) for _, row in table.rows()), key=at)
    return [row for row in rows if at(row) < at(rows[0]) + weeks * WEEK]


def at(row: Row) -> float:
    """Return a row's event time."""
    return row[0]


def row_of(local: float, columns: dict[str, Any], name: str) -> Row:
    """Return a row's moment and features, hour and weekday by local time among them."""
    moment = datetime.fromtimestamp(local, UTC).replace(tzinfo=ZoneInfo(ZONE))
    known = {"hour": moment.hour, "weekday": moment.weekday(), **columns}
    return moment.timestamp(), {feature: known[feature] for feature in FEATURES[name]}


def days(rows: Sequence[Row]) -> Iterator[list[tuple[int, Row]]]:
    """Yield the rows of each day, with their places among all."""
    day: list[tuple[int, Row]] = []
    for place, row in enumerate(rows):
        if day and at(row) // DAY != at(day[0][1]) // DAY:
            yield day
            day = []
        day.append((place, row))
    yield day


def incidents_of(rows: Sequence[Row], name: str, options: dict[str, object]) -> list[Incident]:
    """Import and analyse rows, a day a pass; return the incidents."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "modeltap.db"
        connection = connect(store)
        watch = Watch(store, connection, options)
        importer = Importer(connection, Settings(), model=name)
        for day in days(rows):
            import_entries(importer, (exchange(str(place), *row) for place, row in day))
            watch.analyze()
        incidents = watch.incidents()
        connection.close()
    return incidents


def report(rows: Sequence[Row], name: str, setting: str, weeks: int) -> None:
    """Print a data set's incidents."""
    options = options_of(setting)
    if "timezone" in Settings.__struct_fields__:
        options["timezone"] = ZONE
    incidents = incidents_of(rows, name, options)
    # A window may be closed by the last row, and end after it.
    found = [min(weeks - 1, int((i.found - at(rows[0])) // WEEK)) for i in incidents]
    a_week = "/".join(str(found.count(week)) for week in range(weeks))
    print(
        f"{name}, {setting}: {len(rows):,} rows, {len(found)} incidents, by week {a_week}",
        flush=True,
    )
    for i in incidents:
        print(
            f"    {clock.iso(i.start)[:13]} {i.metric} {i.feature or ''}: {i.summary}", flush=True
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--only", choices=list(FEATURES))
    parser.add_argument("--weeks", type=int, help="from the start [default: 8 and 104]")
    parser.add_argument("--setting", default="default")
    args = parser.parse_args()
    print(describe("numpy", "scipy", "scikit-learn"), flush=True)
    for name in [args.only] if args.only else list(FEATURES):
        if not (args.data / name).is_dir():
            sys.exit(f"--data {str(args.data)!r} has no folder {name}")
        weeks = args.weeks or WEEKS[name]
        report(rows_of(args.data, name, weeks), name, args.setting, weeks)


if __name__ == "__main__":
    main()
