"""What is not monitored, by the hour in which exchanges were counted: parts they lack, settings."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from modeltap.analysis.coverage.coverage_report import settings_without_match
from modeltap.analysis.coverage.missing_parts import missing_parts
from modeltap.analysis.coverage.unmonitored import PROBLEM_FRACTION, Unmonitored
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Metric
from modeltap.config.settings import SettingsByModel
from modeltap.decoding.shortfalls import shortfalls_of
from modeltap.store.alerts import open_subjects
from modeltap.store.shortfalls import CountedParts, due_parts

NOT_MONITORED = "not_monitored"

_FEW = 3
"""One or two exchanges are an accident, whatever their share of a quiet hour."""

_REASONS = 3
"""More reasons than these would not fit into one line of a message."""


class CoveredHour(NamedTuple):
    """An hour in which a model's exchanges were counted, and the metrics of what they lacked."""

    model: str
    hour: str
    metrics: list[Metric]


def due_hours(connection: sqlite3.Connection, settings: SettingsByModel) -> Iterator[CoveredHour]:
    """Yield each hour in which exchanges were counted since it was evaluated.

    It has a metric for each subject with a problem, and for each with an open alert, so that the
    alert can end.
    """
    for counted in due_parts(connection):
        yield CoveredHour(counted.model, counted.hour, _metrics(connection, settings, counted))


def _metrics(
    connection: sqlite3.Connection, settings: SettingsByModel, counted: CountedParts
) -> list[Metric]:
    own = settings.for_model(counted.model)
    found = missing_parts(counted.model, shortfalls_of(counted.counts), own)
    found += settings_without_match(connection, own, counted.model)
    problems: dict[str, list[Unmonitored]] = defaultdict(list)
    for one in found:
        if one.level == "problem" and (one.total is None or _count([one]) >= _FEW):
            problems[one.subject or one.check].append(one)
    ended = set(open_subjects(connection, NOT_MONITORED, counted.model)) - problems.keys()
    return [
        *(_metric(subject, same) for subject, same in problems.items()),
        *(Metric(metric=NOT_MONITORED, feature=one, rows=0, verdict=OK) for one in sorted(ended)),
    ]


def _metric(subject: str, found: Sequence[Unmonitored]) -> Metric:
    total, count = found[0].total or 1, _count(found)
    reasons = "; ".join(one.statement for one in found[:_REASONS])
    return Metric(
        metric=NOT_MONITORED,
        feature=subject,
        rows=total,
        count=count,
        value=count / total,
        threshold=PROBLEM_FRACTION,
        # What is not there is certain: there is no chance in it that a second hour would rule out.
        strength=AT_ONCE,
        at_once=True,
        verdict=ALERT,
        explanation=f"{reasons}; modeltap doctor has the setting that fixes it",
    )


def _count(found: Sequence[Unmonitored]) -> int:
    return sum(1 if one.count is None else one.count for one in found)
