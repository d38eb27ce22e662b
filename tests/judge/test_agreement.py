"""Cohen's kappa with its interval, and the effect of the order of choices."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from modeltap.judge.agreement import cohens_kappa, order_effect


@pytest.mark.parametrize("names", [("good", "bad"), ("a", "b", "c", "d")])
def test_kappa_is_that_of_scikit_learn(names):
    rng = np.random.default_rng(3)
    first = rng.choice(names, 300).tolist()
    second = [own if rng.random() < 0.7 else rng.choice(names) for own in first]
    own = cohens_kappa(first, second)
    assert own.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert own.low < own.kappa < own.high


@pytest.mark.parametrize("pairs", [([], []), (["a"], ["a"]), (["a"] * 9, ["a"] * 9)])
def test_kappa_is_undefined_without_two_ratings(pairs):
    assert cohens_kappa(*pairs)[1:] == (None, None, None)


def test_raters_that_agree_and_disagree():
    assert cohens_kappa(["a", "b"] * 50, ["a", "b"] * 50).kappa == pytest.approx(1)
    assert cohens_kappa(["a", "b"] * 50, ["b", "a"] * 50).kappa == pytest.approx(-1)


def test_the_interval_holds_the_true_kappa():
    """Of raters that agree in 85 % of rows of two kinds: kappa is .7."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        first = rng.random(150) < 0.5
        second = np.where(rng.random(150) < 0.85, first, ~first)
        own = cohens_kappa(list(map(str, first)), list(map(str, second)))
        held += own.low <= 0.7 <= own.high
    assert held >= 0.92 * 300


def test_the_effect_of_the_order():
    own = order_effect([("good", "good", "bad")] * 3 + [("bad", "bad", "bad")] * 7)
    assert own == (10, 3, 3)
    assert order_effect([]) == (0, 0, 0)
