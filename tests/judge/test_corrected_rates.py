"""A rate corrected by sensitivity and specificity, with an interval that holds the truth."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.judge.corrected_rates import JudgeErrors, corrected_rate, is_informative


def simulated(truth, sensitivity, specificity, labelled, rows, rng):
    """Return a corrected rate of a judge that errs with these probabilities."""
    positives = int(rng.binomial(labelled, truth))
    negatives = labelled - positives
    errors = JudgeErrors(
        positives,
        int(rng.binomial(positives, sensitivity)),
        negatives,
        int(rng.binomial(negatives, specificity)),
    )
    reported = truth * sensitivity + (1 - truth) * (1 - specificity)
    return corrected_rate(int(rng.binomial(rows, reported)), rows, errors)


@pytest.mark.parametrize("truth", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("labelled", [100, 400])
def test_the_interval_holds_the_truth(truth, labelled):
    """In at least .92 of 200 simulations, with sensitivity .9 and specificity .7."""
    rng = np.random.default_rng(11)
    rates = [simulated(truth, 0.9, 0.7, labelled, 500, rng) for _ in range(200)]
    known = [own for own in rates if own is not None]
    assert len(known) >= 190
    assert sum(own.low <= truth <= own.high for own in known) >= 0.92 * len(known)


def test_an_uncorrected_rate_would_be_wrong():
    rng = np.random.default_rng(1)
    own = simulated(0.2, 0.9, 0.7, 2000, 20_000, rng)
    assert own.value == pytest.approx(0.2, abs=0.03)  # the judge reports .42


def test_a_perfect_judge_changes_nothing():
    own = corrected_rate(30, 100, JudgeErrors(10_000, 10_000, 10_000, 10_000))
    assert own.value == pytest.approx(0.3) and 0.2 < own.low < 0.3 < own.high < 0.41


@pytest.mark.parametrize(
    "errors",
    [
        JudgeErrors(0, 0, 100, 90),
        JudgeErrors(4, 4, 100, 90),
        JudgeErrors(100, 90, 4, 4),
        JudgeErrors(50, 25, 50, 25),
        JudgeErrors(50, 5, 50, 5),
    ],
)
def test_a_judge_that_is_unknown_or_uninformative_corrects_nothing(errors):
    assert corrected_rate(10, 100, errors) is None


def test_more_labels_and_less_confidence_make_it_narrower():
    few, many = JudgeErrors(50, 45, 50, 35), JudgeErrors(500, 450, 500, 350)
    wide, narrow = corrected_rate(45, 100, few), corrected_rate(450, 1000, many)
    assert narrow.high - narrow.low < wide.high - wide.low
    less = corrected_rate(45, 100, few, 0.8)
    assert wide.low < less.low and less.high < wide.high
    assert is_informative(few) and corrected_rate(0, 0, few) is None


def test_a_rate_is_within_0_and_1():
    errors = JudgeErrors(100, 90, 100, 70)
    assert corrected_rate(5, 100, errors).value == 0.0
    assert corrected_rate(100, 100, errors).value == 1.0
