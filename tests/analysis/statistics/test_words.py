"""Words of texts: the word that moved most, and its significance."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.statistics.words import distance, moved_most, p_value


def counts(texts, *words):
    return np.array([texts, *words])


def test_the_most_significant_word_is_chosen():
    """A rare word that gains three points is more significant than a common one that gains four."""
    then, now = counts(1000, 500, 1), counts(1000, 540, 31)
    assert moved_most(then, now) == 2
    assert moved_most(then, then) in (1, 2) and distance(then, then) == 0


@pytest.mark.parametrize(("then", "now"), [((0, 0), (9, 9)), ((9, 9), (0, 0)), ((9,), (9,))])
def test_without_texts_or_words_nothing_moved(then, now):
    assert moved_most(counts(*then), counts(*now)) == 0
    assert p_value(counts(*then), counts(*now)) == 1
    assert distance(counts(*then), counts(*now)) == 0


def test_small_p_values_are_rare_without_a_change():
    """Over all words together, fewer than five in a hundred are below .05."""
    rng = np.random.default_rng(1)
    rates = np.array([0.5, 0.1, 0.01, 0.3, 0.05])

    def drawn():
        return counts(500, *rng.binomial(500, rates))

    p_values = [p_value(drawn(), drawn()) for _ in range(200)]
    assert sum(p < 0.05 for p in p_values) <= 10 and all(0 < p <= 1 for p in p_values)


def test_a_larger_shift_has_a_larger_distance_and_smaller_p_value():
    then = counts(500, 100, 50)
    nows = [counts(500, 100 + step, 50) for step in (20, 80, 300)]
    distances = [distance(then, now) for now in nows]
    assert distances == sorted(distances) and distances[0] > 0
    ps = [p_value(then, now) for now in nows]
    assert ps == sorted(ps, reverse=True) and ps[-1] < 1e-9
