"""A store of labelled rows, and trainings of a scikit-learn model on them."""

from __future__ import annotations

from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put

ROWS = 200

TRAINING = '''
import csv
import os
import sys

import joblib
import numpy as np
from sklearn.linear_model import LinearRegression


def fitted(path):
    rows = list(csv.DictReader(open(path)))
    x = np.array([[float(row["x"])] for row in rows])
    return LinearRegression().fit(x, [float(row["label"]) for row in rows])


def train(run):
    """Fit and save a model; return the function that predicts with it."""
    joblib.dump(fitted(run.data), "model.joblib")
    return "python:training:predict"


def predict(features):
    model = joblib.load("model.joblib")
    return model.predict(np.asarray(features["x"], dtype=float).reshape(-1, 1))


if __name__ == "__main__":
    joblib.dump(fitted(sys.argv[1]), os.environ["MODELTAP_ARTEFACT"])
'''


def fill(store, *, rows=ROWS, labelled=None, model="flights", **options):
    """Store rows whose labels are 2 x + 1, one a minute, and analyse them."""
    features = [{"x": number % 23, "email": "[masked]"} for number in range(rows)]
    put(store, every(1, rows), features, model=model, **options)
    prefix = options.get("prefix", "r")
    labels = [Label(f"{prefix}{n}", 0, 2.0 * (n % 23) + 1) for n in range(labelled or rows)]
    add_labels(store, labels)


def add_labels(store, labels):
    connection = connect(store)
    with writing(connection):
        insert_labels(connection, labels, source="test")
    connection.close()
    analyze(store, {})


def write_policy(folder, *lines):
    """Write the policy of the model `flights`, and the module that trains."""
    (folder / "modeltap.toml").write_text("\n".join(["[models.flights.retrain]", *lines]))
    (folder / "training.py").write_text(TRAINING)
