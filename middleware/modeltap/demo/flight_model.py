"""A gradient-boosting regression of the flight time, trained on January and February."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from modeltap.demo.flights import CATEGORIES, FEATURES, Flight

_FOLDS = 4
_FILE = "model.joblib"


@dataclass
class FlightTimeModel:
    """A model that predicts minutes in the air from features known before departure."""

    categories: list[dict[str, int]]
    regressor: Any

    def predict(self, rows: Sequence[dict[str, Any]]) -> np.ndarray:
        """Return (n,) minutes for n rows of features."""
        return np.asarray(self.regressor.predict(encoded(rows, self.categories)))

    def save(self, folder: Path) -> None:
        """Write the model into `folder`."""
        joblib.dump(self, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> FlightTimeModel:
        """Read what `save` wrote."""
        model = joblib.load(folder / _FILE)
        assert isinstance(model, cls)
        return model


def train(flights: Sequence[Flight]) -> FlightTimeModel:
    """Fit the model to `flights`, all of which must have landed."""
    rows = [flight.features for flight in flights]
    categories = [
        {name: code for code, name in enumerate(sorted({row[column] for row in rows}))}
        for column in CATEGORIES
    ]
    regressor = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))), random_state=0
    )
    regressor.fit(encoded(rows, categories), [flight.air_time for flight in flights])
    return FlightTimeModel(categories, regressor)


def cross_validated(flights: Sequence[Flight]) -> np.ndarray:
    """Return (n,) predictions, each by a model that was not trained on that part of the winter.

    The folds are blocks of time, not single rows, because neighbours in time share their weather.
    """
    predictions = np.empty(len(flights))
    for block in np.array_split(np.arange(len(flights)), _FOLDS):
        left_out = set(block.tolist())
        model = train([f for i, f in enumerate(flights) if i not in left_out])
        predictions[block] = model.predict([flights[i].features for i in block])
    return predictions


def encoded(rows: Sequence[dict[str, Any]], categories: list[dict[str, int]]) -> np.ndarray:
    """Return (n, features) numbers: categories as codes, missing and unknown values as NaN."""
    matrix = np.full((len(rows), len(FEATURES)), np.nan)
    for i, row in enumerate(rows):
        for j, name in enumerate(FEATURES):
            value = row.get(name)
            if j < len(categories):
                value = categories[j].get(str(value))
            if value is not None:
                matrix[i, j] = value
    return matrix
