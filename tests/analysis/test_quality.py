"""Rates of missing, mistyped and unseen values: never from a handful, never by chance."""

from __future__ import annotations

import numpy as np

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.detectors import quality
from modeltap.analysis.references.fit import fit

rng = np.random.default_rng(8)
WORDS = rng.choice(list("abc"), size=2000).tolist()


def rates(then, now, alpha=0.0004, **options):
    """Return the rates of one column's window by name."""
    reference = fit({"f": then}, len(then), model="m")
    counted = tally({"f": now}, len(now), reference)
    judged = evaluated(reference, counted, [quality], alpha=alpha, **options)
    return {metric.metric: metric for metric in judged}


def test_each_rate_has_its_own_rows():
    """Missing is over all, the wrong type over those not missing, unseen over the right type."""
    found = rates(WORDS, [None] * 20 + [7] * 30 + ["new"] * 50 + ["a"] * 100)
    assert {name: (m.count, m.rows) for name, m in found.items()} == {
        "missing_rate": (20, 200),
        "type_mismatch_rate": (30, 180),
        "unseen_rate": (50, 150),
    }
    assert all(m.verdict == "alert" and m.low < m.value < m.high for m in found.values())


def test_few_rows_give_no_verdict():
    """Three rows, all missing; or one row of the right type, and that one new."""
    assert rates(WORDS, [None] * 3)["missing_rate"].verdict == "not_enough_rows"
    found = rates(WORDS, ["new"] + [None] * 199)
    assert found["missing_rate"].verdict == "alert"
    assert found["unseen_rate"].verdict == "not_enough_rows"


def test_one_new_word_among_a_hundred_is_no_alert():
    """A rate of one in 2,000 need not have been seen; the normal limit called it certain."""
    assert rates(WORDS, [*WORDS[:99], "new"])["unseen_rate"].verdict == "ok"


def test_new_words_are_expected_where_words_were_seen_once():
    """A column with a long tail always has some (Good, 1953), and alerts only for more."""
    weights = 1 / np.arange(1, 1001)
    draw = lambda n: [f"w{i}" for i in rng.choice(1000, size=n, p=weights / weights.sum())]  # noqa: E731
    then = draw(2000)
    alerts = sum(rates(then, draw(500))["unseen_rate"].verdict == "alert" for _ in range(20))
    assert alerts == 0
    now = draw(400) + [f"new{i}" for i in range(100)]
    assert rates(then, now)["unseen_rate"].verdict == "alert"


def test_missing_less_than_before_is_no_alert():
    """Only worse is news, and only beyond two points of a hundred."""
    then = [None] * 500 + [1.5, 2.5, 3.5] * 500
    assert rates(then, [1.5] * 500)["missing_rate"].verdict == "ok"
    now = [None] * 130 + [1.5] * 370
    assert rates(then, now)["missing_rate"].verdict == "ok"
