"""Training of the flight times, called by modeltap with the labelled rows of a month."""

import csv

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

CATEGORIES = ("carrier", "origin", "dest")
NUMBERS = ("distance", "hour", "weekday", "temp", "wind_dir", "wind_speed", "pressure")
CANDIDATE = "candidate.joblib"


def fit(rows, minutes):
    """Return a model: the codes of the categories, and the regressor."""
    codes = {
        name: {text: code for code, text in enumerate(sorted({row[name] for row in rows}))}
        for name in CATEGORIES
    }
    regressor = HistGradientBoostingRegressor(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, random_state=0
    )
    columns = {name: [row[name] for row in rows] for name in (*CATEGORIES, *NUMBERS)}
    return codes, regressor.fit(matrix(columns, codes), minutes)


def matrix(columns, codes):
    """Return (n, features) numbers; missing and unknown values are NaN."""
    encoded = [[codes[name].get(text, np.nan) for text in columns[name]] for name in CATEGORIES]
    encoded += [[number(value) for value in columns[name]] for name in NUMBERS]
    return np.array(encoded).T


def number(value):
    """Return a value as a number; a missing one is NaN."""
    return np.nan if value in (None, "") else float(value)


def retrain(run):
    """Train on the exported rows; the candidate is the function that predicts with the result."""
    with run.data.open() as file:
        rows = list(csv.DictReader(file))
    joblib.dump(fit(rows, [float(row["label"]) for row in rows]), CANDIDATE)
    print(f"trained on {len(rows)} flights until {run.until}")
    return "python:training:predict"


def predict(columns):
    """Return the candidate's predictions for columns of features, as `modeltap compare` calls."""
    codes, regressor = joblib.load(CANDIDATE)
    return regressor.predict(matrix(columns, codes))
