"""Real data with predictions: a reference of rows that no model was fitted to, then windows."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

WEATHER = ("temp", "humid", "wind_speed", "precip", "pressure", "visib")
FLIGHT = ("carrier", "origin", "dest", "distance")


class ScoredSet(NamedTuple):
    """Rows of which the first are the reference.

    Args:
        inputs: (n, d) numbers; categories as integers.
        outputs: (n,) scores of the positive class, or predicted numbers.
        labels: (n,) 1 for the positive class and 0 for the other, or true numbers.
        reference: the rows of the reference.
        window: the rows of a window.
    """

    name: str
    inputs: np.ndarray
    outputs: np.ndarray
    labels: np.ndarray
    reference: int
    window: int

    def windows(self) -> Iterator[slice]:
        for start in range(self.reference, len(self.labels) - self.window + 1, self.window):
            yield slice(start, start + self.window)


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def numbers(rows: list[dict[str, str]], names: tuple[str, ...]) -> np.ndarray:
    """Return (n, d) numbers; texts are numbered, empty ones are NaN."""
    return np.column_stack([_column([row[name] for row in rows]) for name in names])


def _column(values: list[str]) -> np.ndarray:
    try:
        return np.array([float(value) if value else np.nan for value in values])
    except ValueError:
        return np.unique(values, return_inverse=True)[1].astype(float)


def car_loan(folder: Path) -> ScoredSet:
    """Bundled scores (synthetic, by NannyML); inputs drift from row 75,000 on."""
    rows = read(folder / "car_loan" / "data.csv.gz")
    names = tuple(
        name
        for name in rows[0]
        if name not in ("id", "repaid", "timestamp", "y_pred_proba", "y_pred", "period")
    )
    own = numbers(rows, (*names, "y_pred_proba", "repaid"))
    return ScoredSet("car_loan", own[:, :-2], own[:, -2], own[:, -1], 50_000, 5_000)


def late_flights(folder: Path) -> ScoredSet:
    """Scores of flights that are more than 15 minutes late, by a model of the first 15 %."""
    rows = sorted(
        (row for row in read(folder / "nyc_flights" / "data.csv.gz") if row["arr_delay"]),
        key=lambda row: row["timestamp"],
    )
    hours = np.array([float(row["timestamp"][11:13]) for row in rows])
    inputs = np.column_stack([numbers(rows, (*FLIGHT, *WEATHER)), hours])
    late = numbers(rows, ("arr_delay",))[:, 0] > 15
    first = int(0.15 * len(rows))
    model = HistGradientBoostingClassifier(random_state=0).fit(inputs[:first], late[:first])
    scores = model.predict_proba(inputs[first:])[:, 1]
    return ScoredSet(
        "nyc_flights", inputs[first:], scores, late[first:].astype(float), 50_000, 5_000
    )


def adult(folder: Path) -> ScoredSet:
    """Scores by a model of six inputs of the first 10,000 rows; nothing drifts."""
    rows = read(folder / "adult" / "data.csv.gz")
    names = tuple(name for name in rows[0] if name not in ("id", "class"))
    inputs = numbers(rows, names)
    labels = np.array([">50K" in row["class"] for row in rows], dtype=float)
    known = [names.index(name) for name in ("age", "fnlwgt", "education-num", "capital-gain")]
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(inputs[:10_000][:, known], labels[:10_000])
    scores = model.predict_proba(inputs[10_000:][:, known])[:, 1]
    return ScoredSet("adult", inputs[10_000:], scores, labels[10_000:], 18_000, 1_000)


def moved_adult(folder: Path) -> ScoredSet:
    """`adult`, with windows in which one input moved by up to a standard deviation."""
    own = adult(folder)
    rng = np.random.default_rng(0)
    rest = np.arange(own.reference, len(own.labels))
    places = [np.arange(own.reference)]
    for number in range(20):
        column = own.inputs[rest, number % own.inputs.shape[1]]
        spread = (column - column.mean()) / column.std()
        chances = np.exp(rng.choice([-1.0, 1.0]) * spread)
        drawn = rng.choice(rest, own.window, replace=False, p=chances / chances.sum())
        places.append(drawn)
    order = np.concatenate(places)
    return own._replace(
        name="adult, inputs moved",
        inputs=own.inputs[order],
        outputs=own.outputs[order],
        labels=own.labels[order],
    )


def air_time(folder: Path) -> ScoredSet:
    """Minutes in the air, by a model of January; the reference is February and March."""
    rows = sorted(
        (row for row in read(folder / "nyc_flights" / "data.csv.gz") if row["air_time"]),
        key=lambda row: row["timestamp"],
    )
    hours = np.array([float(row["timestamp"][11:13]) for row in rows])
    inputs = np.column_stack([numbers(rows, (*FLIGHT, *WEATHER)), hours])
    minutes = numbers(rows, ("air_time",))[:, 0]
    first = sum(row["timestamp"] < "2013-02" for row in rows)
    after = sum(row["timestamp"] < "2013-04" for row in rows)
    model = HistGradientBoostingRegressor(random_state=0).fit(inputs[:first], minutes[:first])
    predicted = model.predict(inputs[first:])
    return ScoredSet(
        "nyc_flights, air time", inputs[first:], predicted, minutes[first:], after - first, 5_000
    )


def bikes(folder: Path) -> ScoredSet:
    """Rides by the hour, by a model of the first 30 %, without the year and the month.

    The reference is this part, with the predictions of blocked cross-validation.
    """
    rows = read(folder / "bike_sharing" / "data.csv.gz")
    names = bike_inputs(rows)
    inputs, rides = numbers(rows, names), numbers(rows, ("cnt",))[:, 0]
    first = int(0.3 * len(rows))
    predicted = _fitted(inputs[:first], rides[:first]).predict(inputs)
    folds = np.arange(first) * 5 // first
    for fold in range(5):
        others = folds != fold
        model = _fitted(inputs[:first][others], rides[:first][others])
        predicted[:first][~others] = model.predict(inputs[:first][~others])
    return ScoredSet("bike_sharing", inputs, predicted, rides, first, 720)


def bike_inputs(rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Return the inputs of the model of rides."""
    return tuple(n for n in rows[0] if n not in ("timestamp", "id", "yr", "mnth", "cnt"))


def _fitted(inputs: np.ndarray, labels: np.ndarray) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(random_state=0).fit(inputs, labels)
