"""Inputs of both samples are in the same coarse bins, with one for missing values."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.attribution.coded_inputs import coded_rows, input_codes
from modeltap.analysis.counting.sample import sample
from modeltap.analysis.references.fit import fit
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
