"""Page's test holds its level, and finds a small rise that lasts."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.concept.page_test import page_sum


def test_the_bound_holds_without_a_rise():
    rng = np.random.default_rng(0)
    chances = [page_sum(rng.normal(size=100)).p_value for _ in range(3000)]
    for level in (0.05, 0.01, 0.001):
        assert np.mean(np.array(chances) <= level) <= level


def test_a_lasting_rise_is_found_with_its_beginning():
    scores = [0.5, -0.5] * 20 + [2.5] * 6
    own = page_sum(scores)
    assert own.p_value < 1e-6 and own.start == 40


def test_the_sum_ends_a_few_windows_after_the_rise():
    assert page_sum([9.0] * 50 + [0.0] * 12).value == 0


def test_no_windows_have_no_sum():
    assert page_sum([]) == (0.0, 0)
