"""Gaps of a grouping: values, intervals, verdicts, and reasons why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.fairness.group_gaps import GapGrowth, RateOfGroups, gap_metric, ratio_metric
from modeltap.analysis.fairness.group_rates import of_count
from modeltap.analysis.fairness.groupings import Grouping
from modeltap.analysis.fairness.simultaneous import rate_interval
from modeltap.analysis.model.baseline import GroupBaseline

LEVEL = 1e-4
DIFFERENCE = "demographic_parity_difference"


def part_of(counts, min_rows=30, rate="selection_rate", problem=None):
    """Return a rate of groups a, b, c ... with these counts of ones and rows."""
    segments = tuple(f"g={chr(97 + n)}" for n in range(len(counts)))
    members = np.repeat(np.arange(len(counts)), [rows for _, rows in counts])
    values = [of_count(*count) for count in counts]
    compared = [n for n, (_, rows) in enumerate(counts) if rows >= min_rows]
    ends = {n: rate_interval(values[n], 2.5, binary=True) for n in compared}
    grouping = Grouping("g", segments, members, min_rows, problem=problem)
    return RateOfGroups(rate, grouping, values, compared, ends)


def baseline_of(rates, varies=0.0, rate="selection_rate"):
    own = {f"g={name}": {rate: of_count(*count)} for name, count in rates.items()}
    return GroupBaseline(key="", rates={"g": own}, variation={"g": {rate: varies}})


EQUAL = baseline_of({"a": (400, 2000), "b": (400, 2000), "c": (400, 2000)})


def test_a_gap_is_the_largest_less_the_smallest_rate():
    metric = gap_metric(DIFFERENCE, [part_of([(30, 100), (10, 100), (15, 100)])], EQUAL, LEVEL)
    assert metric.value == pytest.approx(0.2) and metric.rows == 300 and metric.segment == "g"
    assert 0 <= metric.low < 0.2 < metric.high
    ratio = ratio_metric("demographic_parity_ratio", part_of([(30, 100), (10, 100)]))
    assert ratio.value == pytest.approx(1 / 3) and ratio.low < ratio.value < ratio.high
    assert ratio.verdict is None
    assert ratio_metric("demographic_parity_ratio", part_of([(0, 50), (0, 50)])).value == 1.0


def test_a_gap_that_has_widened_is_an_alert_and_its_evidence_names_the_groups():
    metric = gap_metric(DIFFERENCE, [part_of([(200, 1000), (60, 1000)])], EQUAL, LEVEL)
    assert metric.verdict == "alert" and metric.p_value < LEVEL and metric.strength > 2
    assert metric.threshold == pytest.approx(0.05)
    evidence = metric.evidence
    assert isinstance(evidence, GapGrowth)
    assert (evidence.high, evidence.low, evidence.rates) == ("a", "b", (0.2, 0.06))


@pytest.mark.parametrize(
    ("counts", "baseline"),
    [
        ([(200, 1000), (170, 1000)], EQUAL),  # below the floor
        ([(10, 40), (5, 40)], EQUAL),  # beyond the floor, by chance
        ([(300, 1000), (100, 1000)], baseline_of({"a": (600, 2000), "b": (200, 2000)})),
        ([(200, 1000), (100, 1000)], baseline_of({"a": (400, 2000), "b": (400, 2000)}, 0.06)),
    ],
)
def test_a_gap_that_the_reference_explains_is_not_an_alert(counts, baseline):
    metric = gap_metric(DIFFERENCE, [part_of(counts)], baseline, LEVEL)
    assert metric.verdict == "ok"


def test_small_groups_are_never_compared():
    """A group of one member, whose rate is 1, does not make a gap."""
    metric = gap_metric(DIFFERENCE, [part_of([(20, 100), (20, 100), (1, 1)])], EQUAL, LEVEL)
    assert metric.value == 0 and metric.rows == 200
    alone = gap_metric(DIFFERENCE, [part_of([(20, 100), (1, 29)])], EQUAL, LEVEL)
    assert (alone.verdict, alone.value) == ("not_comparable", None)
    assert alone.evidence.reason == "only one group has 30 rows with a prediction"
    nothing = gap_metric(DIFFERENCE, [part_of([], problem="no such file")], EQUAL, LEVEL)
    assert nothing.evidence.reason == "no such file"


def test_without_the_groups_in_the_reference_there_is_no_verdict():
    part = part_of([(200, 1000), (60, 1000)])
    assert gap_metric(DIFFERENCE, [part], None, LEVEL).verdict == "no_reference"
    known = baseline_of({"a": (400, 2000)})
    assert gap_metric(DIFFERENCE, [part], known, LEVEL).verdict == "no_reference"


def test_an_unseen_group_is_part_of_the_gap_and_no_alert_alone():
    metric = gap_metric(
        DIFFERENCE, [part_of([(200, 1000), (200, 1000), (0, 0), (45, 50)])], EQUAL, LEVEL
    )
    assert metric.value == pytest.approx(0.7) and metric.verdict == "ok"


def test_of_two_rates_the_wider_gap_counts():
    """Equalized odds: true and false positive rates."""
    first = part_of([(80, 100), (80, 100)], rate="tpr")
    second = part_of([(200, 1000), (60, 1000)], rate="fpr")
    rates = {f"g={name}": {"tpr": of_count(160, 200), "fpr": of_count(400, 2000)} for name in "ab"}
    baseline = GroupBaseline(key="", rates={"g": rates})
    metric = gap_metric("equalized_odds_difference", [first, second], baseline, LEVEL)
    assert metric.value == pytest.approx(0.14) and metric.verdict == "alert"
    assert metric.evidence.rate == "fpr" and metric.low is None and metric.rows == 2200


def test_a_gap_without_room_to_widen_has_no_verdict():
    known = baseline_of({"a": (1980, 2000), "b": (20, 2000)})
    metric = gap_metric(DIFFERENCE, [part_of([(990, 1000), (10, 1000)])], known, LEVEL)
    assert metric.verdict == "not_comparable" and metric.value == pytest.approx(0.98)
