"""Inputs of both samples are in the same coarse bins, with one for missing values."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.attribution.coded_inputs import coded_rows, input_codes, kept_rows
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.freeze import freeze
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.store.labelled_rows import LabelledPrediction
from stores import every, put


def columns(rng, rows, names=30):
    return {
        "x": rng.normal(size=rows).tolist(),
        "c": rng.choice([f"c{n}" for n in range(names)], rows).tolist(),
        "b": (rng.random(rows) < 0.3).tolist(),
        "prediction": rng.normal(size=rows).tolist(),
        "text": [" ".join(rng.choice(["one", "two", "three"], 40)) for _ in range(rows)],
    }


def test_numbers_have_ten_bins_and_categories_the_most_frequent():
    rng = np.random.default_rng(0)
    before, now = columns(rng, 3000), columns(rng, 1000)
    now["x"][:200] = [None] * 200
    reference = fit(before, 3000, model="m")
    samples = [sample(part, len(part["x"]), reference) for part in (before, now)]
    first, second = input_codes(reference, *samples)
    assert first.names == second.names and set(first.names) == {"x", "c", "b"}
    sizes = dict(zip(first.names, first.sizes, strict=True))
    assert sizes == {"x": 11, "c": 21, "b": 2}
    (place,) = (n for n, name in enumerate(first.names) if name == "x")
    assert np.bincount(second.codes[place])[0] == 200
    rows = np.bincount(first.codes[place], minlength=11)
    assert rows[0] == 0 and rows[1:].min() > 200


def test_inputs_that_cannot_be_binned_are_none():
    texts = {"text": [f"word {n} of a longer text that is always another" for n in range(300)]}
    reference = fit(texts, 300, model="m")
    own = sample(texts, 300, reference)
    assert input_codes(reference, own, own) is None


def test_rows_keep_their_labels_and_those_no_longer_stored_are_left_out(store):
    rows = [{"x": float(n), "c": "ab"[n % 2]} for n in range(300)]
    put(store, every(1, 300), rows)
    reference = fit({name: [row[name] for row in rows] for name in ("x", "c")}, 300, model="m")
    pairs = [LabelledPrediction(1, None if n % 3 else n, exchange_id=f"r{n}") for n in range(600)]
    connection = connect(store)
    coded = coded_rows(connection, sources.load(environ={}), reference, pairs)
    connection.close()
    assert [pair.label for pair in coded.pairs] == list(range(0, 300, 3))
    assert coded.inputs.codes["c"].tolist() == [n % 2 for n in range(0, 300, 3)]


def frozen(connection, predictions, labels):
    columns = {"x": [float(n) for n in range(300)], "prediction": predictions}
    keys = [("file.csv", n) for n in range(300)]
    times = [1e9 + 60 * n for n in range(300)]
    settings = sources.load({"multivariate": False}, environ={})
    return freeze(
        connection, settings, columns, times, labels, keys, model="m", version="", source="file.csv"
    )


def test_rows_of_a_file_keep_their_numbers_and_inputs(store):
    """A reference from a file has no exchanges; a row without a label is left out."""
    predictions = [n + 0.5 for n in range(300)]
    labels = [None if n % 3 else float(n) for n in range(300)]
    connection = connect(store)
    reference = frozen(connection, predictions, labels)
    kept = kept_rows(connection, reference)
    connection.close()
    known = {pair.row: (pair.prediction, pair.label) for pair in kept.pairs}
    assert known == {n: (n + 0.5, float(n)) for n in range(0, 300, 3)}
    codes = sample({"x": [float(pair.row) for pair in kept.pairs]}, 100, reference).codes["x"]
    assert kept.inputs.codes["x"].tolist() == codes.tolist() and len(set(codes.tolist())) > 5


def test_the_sample_has_no_labels_of_classes(store):
    """Its numbers say whether a prediction was right, which is no label."""
    connection = connect(store)
    reference = frozen(connection, ["a", "b"] * 150, ["a"] * 300)
    assert kept_rows(connection, reference).pairs == []
    connection.close()
