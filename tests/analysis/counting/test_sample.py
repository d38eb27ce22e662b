"""Samples of rows: coded in the reference's bins, stored one by one, chosen in any order."""

from __future__ import annotations

import random
import zlib
from itertools import pairwise

import numpy as np
import pytest

from modeltap.analysis.counting.derived import words_of
from modeltap.analysis.counting.sample import (
    BUCKETS,
    NO_VALUE,
    Sample,
    choose,
    choose_hashed,
    coded_features,
    sample,
)
from modeltap.analysis.references.fit import fit

COLUMNS = {
    "x": [float(n) for n in range(60)],
    "c": ["a", "b", "c"] * 20,
    "t": [f"the text of number {n} has many words in it" for n in range(60)],
    "v": [[1.0, n / 60] for n in range(60)],
    "id": [f"{n:08}-aaaa" for n in range(60)],
}
REFERENCE = fit(COLUMNS, 60, model="m")


def test_rows_are_packed_and_unpacked():
    made = sample(COLUMNS, 60, REFERENCE)
    again = Sample.unpack(made.pack(), REFERENCE)
    assert again.rows == made.rows == len(made.pack())
    assert set(again.codes) == {feature.name for feature in coded_features(REFERENCE)}
    for name, codes in made.codes.items():
        if isinstance(codes, np.ndarray):
            assert np.array_equal(again.codes[name], codes)
        else:
            assert again.codes[name] == codes


def test_missing_and_mismatched_values_have_no_code():
    made = sample({"x": [None, "1", 5.0], "c": [None, 7, "b"], "t": [None, 7, "x"]}, 3, REFERENCE)
    assert made.codes["x"].tolist()[:2] == [NO_VALUE] * 2 and made.codes["x"][2] >= 0
    assert made.codes["c"].tolist() == [NO_VALUE, NO_VALUE, 1]
    assert made.codes["t"][:2] == [None, None] and made.codes["t"][2]
    assert np.isnan(made.codes["v"]).all()


def test_bins_keep_the_order_of_numbers():
    codes = sample({"x": [-1e9, 0.0, 30.0, 59.0, 1e9]}, 5, REFERENCE).codes["x"]
    assert (np.diff(codes) > 0).all() and codes[0] == 0


def test_rows_are_chosen_independently_of_their_order():
    keys = [(f"id{n}", n % 2) for n in range(500)]
    shuffled = random.Random(0).sample(keys, len(keys))
    chosen = {keys[place] for place in choose(keys, limit=50)}
    assert chosen == {shuffled[place] for place in choose(shuffled, limit=50)}
    assert len(chosen) == 50 and choose([], limit=5) == []
    places = choose(keys, limit=50)
    assert places == sorted(places)


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 29, 30, 31])
@pytest.mark.parametrize("different", [1, 2, 5, 1000])
def test_of_equal_hashes_the_first_are_chosen(limit, different):
    hashes = np.random.default_rng(limit).integers(0, different, 30)
    assert choose_hashed(hashes, limit) == sorted(np.argsort(hashes, kind="stable")[:limit])


def test_results_are_computed_once_and_the_oldest_is_dropped():
    made, learnt = sample(COLUMNS, 60, REFERENCE), []
    for key in [*range(5), *range(5)]:
        assert made.recall(key, lambda key=key: learnt.append(key) or key) == key
    assert learnt == [0, 1, 2, 3, 4]
    for key in range(40):
        made.recall(key, lambda: 0)
    assert len(made.learnt) < 20


@pytest.mark.parametrize("value", [1e200, "x", [1.0], [1e20, 1.0], None])
def test_vectors_whose_square_overflows_have_no_code(value):
    assert np.isnan(sample({"v": [value]}, 1, REFERENCE).codes["v"]).all()


@pytest.mark.parametrize("text", ["", "?!", "a", "is my refund", "é ü 中 a", "a a", "\ud800 b"])
def test_a_text_is_coded_by_its_words_and_pairs_of_words(text):
    """By the checksum of each."""
    words = words_of(text)
    grams = [*words, *map(" ".join, pairwise(words))]
    expected = sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in grams})
    assert sample({"t": [text]}, 1, REFERENCE).codes["t"] == [expected]
