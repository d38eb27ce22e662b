"""Rows by group, and by the intersections of two groupings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from modeltap.analysis.fairness.group_values import GroupName, NoGroup
from modeltap.analysis.model.baseline import number_of
from modeltap.analysis.performance.class_names import ClassNames
from modeltap.config.group_settings import GroupSettings

MOST_GROUPS = 50
"""The largest groups of a grouping that are shown and compared. More are not groups of people but
codes, whose gap would be that of the two most extreme of many."""

NO_MEMBER = -1
"""The member of a row that is in no group."""


@dataclass(frozen=True)
class Grouping:
    """The groups of n rows.

    Args:
        name: `sex`, or `sex,race` for an intersection.
        segments: of the groups, such as `sex=Female`, in order.
        members: (n,) the position of each row's group, `NO_MEMBER` for rows in none.
        min_rows: groups with fewer rows are not compared.
        unknown: the number of rows in no group, by reason.
        others: groups beyond the largest `MOST_GROUPS`, whose rows are in no group.
        problem: the reason why there are no groups at all.
        crossed: whether it is an intersection.
    """

    name: str
    segments: tuple[str, ...]
    members: np.ndarray
    min_rows: int
    unknown: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    problem: str | None = None
    crossed: bool = False

    @property
    def sizes(self) -> np.ndarray:
        """The rows of each group."""
        known = self.members[self.members >= 0]
        return np.bincount(known, minlength=len(self.segments))


def grouping_of(
    group: GroupSettings,
    names: Sequence[GroupName],
    before: Collection[str] = (),
    problem: str | None = None,
) -> Grouping:
    """Return the groups of n rows.

    Args:
        names: (n,) the rows' groups.
        before: the names in the reference, whose spelling counts: `true` and 1 are one group, and
            so are `Female` and `female`.
        problem: the reason why no row has a group.

    >>> grouping_of(GroupSettings(name="smoker"), ["1", "0", "1"], ["true", "false"]).segments
    ('smoker=true', 'smoker=false')
    """
    own = {name for name in names if isinstance(name, str)}
    spelled = ClassNames(before, own, apart=False)
    shared = {name: spelled(name) for name in own}
    counts = Counter(shared[name] if isinstance(name, str) else name for name in names)
    unknown = {name.reason: rows for name, rows in counts.items() if isinstance(name, NoGroup)}
    ranked = [name for name, _ in counts.most_common() if isinstance(name, str)]
    kept = {name: place for place, name in enumerate(ranked[:MOST_GROUPS])}
    members = np.array(
        [kept.get(shared[n], NO_MEMBER) if isinstance(n, str) else NO_MEMBER for n in names],
        dtype=np.int64,
    )
    if problem is None:
        problem = _measured(group, ranked) if ranked else _why_none(group, unknown)
    if problem is not None:
        kept, members = {}, np.full(len(names), NO_MEMBER)
    return Grouping(
        group.name,
        tuple(f"{group.name}={name}" for name in kept),
        members,
        group.min_rows,
        unknown,
        others=len(ranked) - len(kept),
        problem=problem,
    )


def with_intersections(groupings: Sequence[Grouping]) -> list[Grouping]:
    """Return the groupings, and the intersections of each two of them that have groups.

    >>> sex = Grouping("sex", ("sex=F", "sex=M"), np.array([0, 1, 1, -1]), 30)
    >>> race = Grouping("race", ("race=1", "race=2"), np.array([0, 0, 1, 0]), 30)
    >>> with_intersections([sex, race])[2].segments
    ('sex=F,race=1', 'sex=M,race=1', 'sex=M,race=2')
    """
    usable = [grouping for grouping in groupings if grouping.problem is None]
    return [*groupings, *(_crossed(*pair) for pair in combinations(usable, 2))]


def _crossed(first: Grouping, second: Grouping) -> Grouping:
    known = (first.members >= 0) & (second.members >= 0)
    codes = first.members[known] * len(second.segments) + second.members[known]
    cells, counts = np.unique(codes, return_counts=True)
    largest = np.sort(np.argsort(-counts, kind="stable")[:MOST_GROUPS])
    place_of = np.full(len(cells), NO_MEMBER)
    place_of[largest] = np.arange(len(largest))
    members = np.full(len(known), NO_MEMBER)
    members[known] = place_of[np.searchsorted(cells, codes)]
    segments = [
        f"{first.segments[cell // len(second.segments)]},"
        f"{second.segments[cell % len(second.segments)]}"
        for cell in cells[largest].tolist()
    ]
    return Grouping(
        f"{first.name},{second.name}",
        tuple(segments),
        members,
        max(first.min_rows, second.min_rows),
        others=len(cells) - len(largest),
        crossed=True,
    )


def _measured(group: GroupSettings, names: Sequence[str]) -> str | None:
    """Return the problem that groups are measured values, each of which few rows share."""
    numbers = [number_of(name) for name in names]
    measured = [own for own in numbers if math.isfinite(own) and not own.is_integer()]
    if group.bins or len(names) <= MOST_GROUPS or len(measured) <= len(names) / 2:
        return None
    return (
        f"{group.column!r} has {len(measured):,} different numbers; set bins, such as "
        f'{{name = "{group.name}", bins = [{np.median(measured):.3g}]}}'
    )


def _why_none(group: GroupSettings, unknown: Mapping[str, int]) -> str:
    """Return why no row has a group."""
    if not unknown:
        return "there are no rows"
    if group.header is not None:
        return f"no row has the header {group.header!r}; add it to capture_request_headers"
    if group.file is None and set(unknown) == {"without a value"}:
        return f"no row has a value in the field {group.column!r}"
    reason = max(unknown, key=unknown.__getitem__)
    return f"all rows are without a group: most are {reason}"
