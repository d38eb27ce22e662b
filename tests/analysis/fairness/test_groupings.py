"""Rows by group, spellings of one group, intersections, and limits."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.fairness.group_values import NO_VALUE, NoGroup
from modeltap.analysis.fairness.groupings import MOST_GROUPS, grouping_of, with_intersections
from modeltap.config.group_settings import GroupSettings

SEX = GroupSettings(name="sex")


@pytest.mark.parametrize("names", [["1", "0"], ["true", "false"], ["Yes", "no"], ["TRUE", "FALSE"]])
def test_spellings_of_the_reference_s_groups_are_the_same_groups(names):
    grouping = grouping_of(GroupSettings(name="smoker"), names, {"true", "false"})
    assert set(grouping.segments) == {"smoker=true", "smoker=false"}
    assert grouping.sizes.tolist() == [1, 1]


@pytest.mark.parametrize("before", [(), {"Female", "Male"}])
@pytest.mark.parametrize("group", [SEX, GroupSettings(name="sex", file="p.csv", key="id")])
def test_names_that_differ_in_case_or_spaces_are_one_group(group, before):
    names = ["Female", "female", "FEMALE", "Male", "male ", "female"]
    grouping = grouping_of(group, names, before)
    assert dict(zip(grouping.segments, grouping.sizes.tolist(), strict=True)) == (
        {"sex=Female": 4, "sex=Male": 2} if before else {"sex=FEMALE": 4, "sex=Male": 2}
    )


def test_measured_numbers_are_not_groups_and_are_not_named():
    """Without bins each row would be a group, and the values would be in the store's metrics."""
    numbers = [str(n / 7) for n in range(200)]  # of these, 29 are whole
    grouping = grouping_of(GroupSettings(name="income"), numbers)
    assert "'income' has 171 different numbers; set bins" in grouping.problem
    assert grouping.segments == () and set(grouping.members.tolist()) == {-1}
    assert "set bins" in grouping_of(GroupSettings(name="income"), [*numbers, "n/a"]).problem
    for names in (numbers[:50], [str(n) for n in range(80)], [f"c{n}" for n in range(200)]):
        assert grouping_of(GroupSettings(name="income"), names).problem is None
    assert grouping_of(GroupSettings(name="income", bins=[5.0]), ["under 5"] * 60).problem is None


def test_rows_without_a_group_are_counted_by_reason():
    names = ["F", NO_VALUE, "M", NoGroup("not in 'x.csv'"), NO_VALUE]
    grouping = grouping_of(SEX, names)
    assert grouping.members.tolist() == [0, -1, 1, -1, -1]
    assert grouping.unknown == {"without a value": 2, "not in 'x.csv'": 1}
    assert grouping.problem is None


@pytest.mark.parametrize(
    ("group", "names", "reason"),
    [
        (SEX, [NO_VALUE] * 3, "no row has a value in the field 'sex'"),
        (SEX, [], "there are no rows"),
        (
            GroupSettings(name="r", header="x-region"),
            [NoGroup("without the header")],
            "no row has the header 'x-region'; add it to capture_request_headers",
        ),
        (
            GroupSettings(name="r", file="p.csv", key="id"),
            [NoGroup("not in 'p.csv'")],
            "all rows are without a group: most are not in 'p.csv'",
        ),
    ],
)
def test_without_any_group_the_reason_is_kept(group, names, reason):
    assert grouping_of(group, names).problem == reason


def test_only_the_largest_of_many_groups_are_kept():
    names = [str(n) for n in range(80) for _ in range(1 + (n < 50))]
    grouping = grouping_of(SEX, names)
    assert len(grouping.segments) == MOST_GROUPS and grouping.others == 30
    assert grouping.sizes.tolist() == [2] * 50


def test_intersections_equal_counts_by_hand():
    """Of each two groupings; rows that lack one of the groups are in no intersection."""
    rng = np.random.default_rng(0)
    values = {name: rng.choice(["a", "b", "c", None], 500).tolist() for name in ("x", "y", "z")}
    singles = [
        grouping_of(GroupSettings(name=name), [NO_VALUE if v is None else v for v in column])
        for name, column in values.items()
    ]
    crossed = with_intersections(singles)[3:]
    assert [grouping.name for grouping in crossed] == ["x,y", "x,z", "y,z"]
    for grouping in crossed:
        first, second = grouping.name.split(",")
        assert grouping.crossed and len(grouping.segments) == 9
        for segment, size in zip(grouping.segments, grouping.sizes, strict=True):
            one, two = (part.split("=")[1] for part in segment.split(","))
            pairs = zip(values[first], values[second], strict=True)
            assert size == sum(pair == (one, two) for pair in pairs)


def test_a_grouping_with_a_problem_is_in_no_intersection():
    usable = grouping_of(SEX, ["F", "M"])
    broken = grouping_of(GroupSettings(name="race"), [NO_VALUE, NO_VALUE])
    assert [grouping.name for grouping in with_intersections([usable, broken])] == ["sex", "race"]
