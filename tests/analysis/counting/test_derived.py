"""Measures of texts, vectors and times; a value without a measure is NaN and raises nothing."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from modeltap import clock
from modeltap.analysis.counting.derived import (
    count_documents,
    learn_measures,
    measured,
    words_of,
)
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.halves import halves

ODD = [None, 3, [1.0], {"a": 1}, True, "", "\ud800", float("nan")]


def text(**options):
    return Feature(name="t", kind="text", counts=(0,) * 3, **options)


@pytest.mark.parametrize("measure", ["length", "out_of_vocabulary", "norm", "age_seconds"])
def test_odd_values_have_finite_measures_or_none(measure):
    feature = text(centroid=(0.6, 0.8))
    measures = measured(measure, feature, ODD, [0.0] * len(ODD))
    assert measures.shape == (len(ODD),) and not np.isinf(measures).any() and np.isnan(measures[0])


def test_vectors_are_measured_by_length_and_direction():
    feature = Feature(name="v", kind="vector", centroid=(1.0, 0.0), counts=(0,) * 3)
    column = [[3.0, 4.0], [-2.0, 0.0], [0.0, 0.0], [1.0]]
    assert measured("norm", feature, column, None)[:3].tolist() == [5, 2, 0]
    cosine = measured("cosine_distance", feature, column, None)
    assert cosine[:3] == pytest.approx([0.4, 2, 1]) and np.isnan(cosine[3])


def test_an_age_is_up_to_the_rows_time():
    then = "2024-01-01T00:00:00Z"
    feature = Feature(name="d", kind="datetime", counts=(0,) * 3)
    times = [clock.parse(then) + 60.0, float("nan")]
    measures = measured("age_seconds", feature, [then, then], times)
    assert measures[0] == 60 and np.isnan(measures[1])
    assert np.isnan(measured("age_seconds", feature, [then], None)).all()


def test_words_that_occur_once_are_not_learnt():
    """In one half of the texts; the other half shows how many words are new."""
    first, second = halves(9)
    column = [""] * 9
    for place, known in zip(
        first, ["refund my order", "Refund the order"] * 2 + ["typo"], strict=True
    ):
        column[place] = known
    for place, new in zip(second, ["x", "y", "x", "y"], strict=True):
        column[place] = new
    feature, measures = learn_measures(text(), column, None)
    assert set(feature.vocabulary) == {"refund", "my", "order", "the"}
    assert [measure.name for measure in measures] == ["t.words", "t.length", "t.out_of_vocabulary"]
    assert measures[2].low == measures[2].high == 1
    unknown = measured("out_of_vocabulary", feature, ["my new order", "...", "refund"], None)
    assert unknown == pytest.approx([1 / 3, 0, 0])


def test_a_text_counts_once_for_each_of_its_words():
    feature = text(vocabulary=("a", "b"))
    counted = np.zeros(6, dtype=int)
    count_documents(feature, ["a a b", "b", "c", None, 5], counted)
    assert counted.tolist() == [3, 1, 2, 0, 0, 0]


def test_only_the_beginning_of_a_long_text_is_read():
    assert words_of("a" + " b" * 100_000).count("b") < 10_000


SIGNS = "az AZ09_ _-'.,;:!?\t\n\x00\x1f\x85\xa0\u2019\u2014\u2028\u3000\ud800\U0001f600"
LETTERS = "\xe4\xdf\xc9\u0130\u0301\u0416\u05d0\u4e2d\u3042\u0661\U0001d7ce"


@pytest.mark.parametrize("seed", range(300))
def test_words_are_those_that_a_search_finds(seed):
    """Of any script, and with any signs between them."""
    rng = random.Random(seed)
    texts = [SIGNS, SIGNS + LETTERS, LETTERS, "word " * 9 + SIGNS, "word " * 30 + LETTERS]
    for alphabet in texts:
        text = "".join(rng.choices(alphabet, k=rng.randint(0, 60)))
        assert words_of(text) == re.findall(r"\w+", text.lower())


def test_texts_that_repeat_count_once_for_each_row():
    """The words of a text are read once."""
    feature = text(vocabulary=("a", "b"), rare=frozenset("ab"))
    counted = np.zeros(3 + 3, dtype=np.int64)
    count_documents(feature, ["a a c", "b a", None, "a a c", 3, ""], counted)
    assert counted.tolist() == [4, 3, 1, 0, 0, 0]
    new = measured("out_of_vocabulary", feature, ["a a c", "b a", "a a c", ""], None)
    assert new == pytest.approx([1 / 3, 0, 1 / 3, 0])
