"""One thing that is not monitored: how much of what, why, and the setting that fixes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from modeltap.environments import named

Check = Literal["rows", "predictions", "event_time", "labels", "features", "metrics", "settings"]
Level = Literal["note", "problem"]
"""A note is for information: an id, a constant column. A problem wants to be fixed."""

PROBLEM_FRACTION = 0.05
"""One exchange of twenty is more than a stray request of a person, and enough to bias a metric."""

_WORDS: dict[Check, str] = {
    "rows": "{of} exchanges have no rows",
    "predictions": "{of} exchanges have no prediction",
    "event_time": "{of} rows have no event time, and are in no window",
    "labels": "{of} labels join no prediction",
    "features": "{subject} is not tested",
    "metrics": "{subject} cannot be computed",
    "settings": "{subject} fits nothing",
}

_LISTED = 8
"""More columns of one reason are one line."""

_NAME_LENGTH = 60
"""A longer name is cut: the line is for people."""


class Unmonitored(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a model that is not monitored.

    Attributes:
        model: None where it concerns the whole store.
        subject: the column, metric or setting; None for exchanges, rows and labels.
        count: of how many it is true, of `total`; None where nothing is counted.
        fix: a setting that is ready to be copied, or what to do; None where nothing has to be.
        cause: the reason without its details, by which it is known from hour to hour.
        is_tested: whether it is compared all the same, though with limits.
    """

    check: Check
    model: str | None
    level: Level
    reason: str
    version: str = ""
    subject: str | None = None
    count: int | None = None
    total: int | None = None
    fix: str | None = None
    cause: str | None = None
    is_tested: bool = False

    @property
    def statement(self) -> str:
        """What is not monitored and why, without the model.

        >>> Unmonitored(
        ...     check="features", model="m", level="note", subject="x", reason="an id"
        ... ).statement
        'x is not tested: an id'
        """
        of = f"{self.count or 0:,} of {self.total or 0:,}"
        words = _WORDS[self.check]
        if self.is_tested:
            words = "{subject} is tested with limits"
        elif self.check == "features" and (self.count or 0) > 1:
            words = "{of} columns are not tested" + (" ({subject}, ...)" if self.subject else "")
        subject = (self.subject or "")[:_NAME_LENGTH]
        return f"{words.format(of=of, subject=subject)}: {self.reason}"

    @property
    def sentence(self) -> str:
        """The whole of it on one line.

        >>> Unmonitored(
        ...     check="rows", model="m", level="problem", count=3, total=9, reason="no JSON"
        ... ).sentence
        'm: 3 of 9 exchanges have no rows: no JSON'
        """
        of = "" if self.model is None else f"{named(self.model, self.version)}: "
        head = f"{of}{self.statement}"
        return head if self.fix is None else f"{head}; {self.fix}"


def level_of(count: int, total: int) -> Level:
    """Return the level of so many of a total.

    >>> level_of(5, 100), level_of(6, 100)
    ('note', 'problem')
    """
    return "problem" if count > PROBLEM_FRACTION * total else "note"


def condensed(found: Iterable[Unmonitored]) -> list[Unmonitored]:
    """Return the findings with those of many columns for one reason as one, problems first."""
    groups: dict[object, list[Unmonitored]] = defaultdict(list)
    for one in found:
        key = (one.model, one.version, one.reason) if one.check == "features" else id(one)
        groups[key].append(one)
    lines: list[Unmonitored] = []
    for group in groups.values():
        lines += group if len(group) <= _LISTED else [replace(group[0], count=len(group))]
    return sorted(lines, key=lambda one: one.level != "problem")
