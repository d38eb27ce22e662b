"""A finding about what is not monitored: its extent, the reason, and the setting that fixes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from modeltap.environments import named

Check = Literal["rows", "predictions", "event_time", "labels", "features", "metrics", "settings"]
Level = Literal["note", "problem"]
"""A note is information, such as an id or a constant column. A problem needs a fix."""

PROBLEM_FRACTION = 0.05
"""One exchange in twenty is more than a stray request, and enough to bias a metric."""

_STATEMENTS: dict[Check, str] = {
    "rows": "{of} exchanges have no rows",
    "predictions": "{of} exchanges have no prediction",
    "event_time": "{of} rows have no event time, and are in no window",
    "labels": "{of} labels match no prediction",
    "features": "{subject} is not tested",
    "metrics": "{subject} cannot be computed",
    "settings": "{subject} matches nothing",
}

_LISTED = 8
"""More columns with one reason are joined into one line."""

_NAME_LENGTH = 60
"""Longer names are cut, because people read the line."""


class Unmonitored(msgspec.Struct, frozen=True, kw_only=True):
    """A finding about a part of a model that is not monitored.

    Attributes:
        model: None if it concerns the whole store.
        subject: the column, metric or setting; None for exchanges, rows and labels.
        count: the number that it concerns, of `total`; None if nothing is counted.
        fix: a setting to copy, or an action; None if nothing needs to be done.
        cause: the reason without its details, which is the same in each hour.
        is_tested: whether it is compared nevertheless, with limits.
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
        """The subject and the reason, without the model.

        >>> Unmonitored(
        ...     check="features", model="m", level="note", subject="x", reason="an id"
        ... ).statement
        'x is not tested: an id'
        """
        of = f"{self.count or 0:,} of {self.total or 0:,}"
        text = _STATEMENTS[self.check]
        if self.is_tested:
            text = "{subject} is tested with limits"
        elif self.check == "features" and self.subject is None and self.count is None:
            text = "no column is tested"
        elif self.check == "features" and (self.count or 0) > 1:
            text = "{of} columns are not tested" + (" ({subject}, ...)" if self.subject else "")
        subject = (self.subject or "")[:_NAME_LENGTH]
        return f"{text.format(of=of, subject=subject)}: {self.reason}"

    @property
    def sentence(self) -> str:
        """The entire finding in one line.

        >>> Unmonitored(
        ...     check="rows", model="m", level="problem", count=3, total=9, reason="no JSON"
        ... ).sentence
        'm: 3 of 9 exchanges have no rows: no JSON'
        """
        of = "" if self.model is None else f"{named(self.model, self.version)}: "
        head = f"{of}{self.statement}"
        return head if self.fix is None else f"{head}; {self.fix}"


def level_of(count: int, total: int) -> Level:
    """Return the level of `count` of a total.

    >>> level_of(5, 100), level_of(6, 100)
    ('note', 'problem')
    """
    return "problem" if count > PROBLEM_FRACTION * total else "note"


def condensed(findings: Iterable[Unmonitored]) -> list[Unmonitored]:
    """Return the findings, problems first; many columns with one reason become one finding."""
    groups: dict[object, list[Unmonitored]] = defaultdict(list)
    for finding in findings:
        key = (
            (finding.model, finding.version, finding.reason)
            if finding.check == "features"
            else id(finding)
        )
        groups[key].append(finding)
    lines: list[Unmonitored] = []
    for group in groups.values():
        lines += group if len(group) <= _LISTED else [replace(group[0], count=len(group))]
    return sorted(lines, key=lambda finding: finding.level != "problem")
