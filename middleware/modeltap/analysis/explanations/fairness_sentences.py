"""Sentences about gaps between groups."""

from __future__ import annotations

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.sentence import odds, sentence
from modeltap.analysis.fairness.group_gaps import GapGrowth, NotCompared
from modeltap.analysis.model.metric import Metric
from modeltap.wording import number, percent, plural

_GAPS = {
    "demographic_parity_difference": "demographic parity difference",
    "equal_opportunity_difference": "equal opportunity difference",
    "equalized_odds_difference": "equalized odds difference",
    "mae_difference": "difference of mean absolute errors",
}

_RATES = {
    "selection_rate": "selection rate",
    "tpr": "true positive rate",
    "fpr": "false positive rate",
    "mae": "mean absolute error",
}


@sentence.register
def _(evidence: GapGrowth, metric: Metric, context: Context | None) -> str:
    text = number if evidence.rate == "mae" else percent
    (high, low), (high_rows, low_rows) = evidence.rates, evidence.rows
    return (
        f"{_GAPS[metric.metric]} went from {number(evidence.before)} to "
        f"{number(metric.value or 0.0)}: {_RATES[evidence.rate]} is {text(high)} for "
        f"{evidence.high!r} ({plural(high_rows, 'row')}) and {text(low)} for {evidence.low!r} "
        f"({plural(low_rows, 'row')}); {odds(metric, context)}"
    )


@sentence.register
def _(evidence: NotCompared, _metric: Metric, _context: Context | None) -> str:
    return evidence.reason
