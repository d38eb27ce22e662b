"""Sentences about gaps between groups."""

from __future__ import annotations

import pytest

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.fairness.group_gaps import GapGrowth, NotCompared
from modeltap.analysis.model.metric import Metric


def sentence_of(evidence, **facts):
    (metric,) = explained([Metric(segment="sex", rows=1500, evidence=evidence, **facts)])
    return metric.explanation


@pytest.mark.parametrize(
    ("metric", "rate", "rates", "text"),
    [
        (
            "demographic_parity_difference",
            "selection_rate",
            (0.32, 0.11),
            "demographic parity difference went from 0.1 to 0.21: selection rate is 32 % for 'M' "
            "(1,000 rows) and 11 % for 'F' (500 rows); chance of this without a change: ",
        ),
        (
            "equalized_odds_difference",
            "fpr",
            (0.32, 0.11),
            "equalized odds difference went from 0.1 to 0.21: false positive rate is 32 % for 'M'",
        ),
        (
            "mae_difference",
            "mae",
            (12.5, 9.25),
            "difference of mean absolute errors went from 0.1 to 0.21: mean absolute error is 12.5",
        ),
    ],
)
def test_a_gap_names_both_groups_with_their_rates(metric, rate, rates, text):
    """In quotes, so that messages can mask them."""
    evidence = GapGrowth(0.1, rate, "M", "F", rates, (1000, 500))
    sentence = sentence_of(evidence, metric=metric, value=0.21, p_value=1e-7, verdict="alert")
    assert sentence.startswith(text)


def test_groups_that_are_not_compared_have_the_reason():
    evidence = NotCompared("only one group has 30 rows")
    assert sentence_of(evidence, metric="tpr", verdict="not_comparable") == evidence.reason
