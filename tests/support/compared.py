"""Stores of labelled rows for comparisons, and candidates of known quality."""

from __future__ import annotations

import csv
import json
from contextlib import closing

import numpy as np

from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put

ROWS = 1200


def fill(store, bodies, predictions, labels, **options):
    """Store one request for each row, with its prediction and its label, if it has one."""
    responses = [json.dumps({"prediction": value}) for value in predictions]
    put(store, every(1, len(bodies)), bodies, responses=responses)
    with closing(connect(store)) as connection, writing(connection):
        own = [Label(f"r{n}", 0, label) for n, label in enumerate(labels) if label is not None]
        insert_labels(connection, own, source="test")
    analyze(store, {"task": "classification", **options})


def shop(rows=ROWS, accuracy=0.8, seed=3):
    """Return rows of two features, predictions of this accuracy, and labels."""
    rng = np.random.default_rng(seed)
    bodies = [
        {"city": str(rng.choice(["Rome", "Oslo"])), "hour": int(rng.integers(0, 24))}
        for _ in range(rows)
    ]
    labels = rng.integers(0, 2, rows)
    return bodies, flipped(labels, accuracy, seed + 1), labels.tolist()


def flipped(labels, accuracy, seed=5):
    """Return predictions that are right in this fraction of the rows."""
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels)
    return np.where(rng.random(len(labels)) < accuracy, labels, 1 - labels).tolist()


def write_candidate(path, predictions, ids=None, **columns):
    """Write a candidate's file; return its path."""
    ids = [f"r{n}" for n in range(len(predictions))] if ids is None else ids
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "prediction", *columns])
        writer.writerows(zip(ids, predictions, *columns.values(), strict=True))
    return path
