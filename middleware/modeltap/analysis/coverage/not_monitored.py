"""What is not monitored, by the hour in which exchanges were counted: parts they lack, settings."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from modeltap.analysis.coverage.coverage_report import newest_rows, settings_without_match
from modeltap.analysis.coverage.missing_parts import missing_parts
from modeltap.analysis.coverage.unmonitored import PROBLEM_FRACTION, Unmonitored
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Metric
from modeltap.config.settings import Settings, SettingsByModel
from modeltap.decoding.shortfalls import shortfalls_of
from modeltap.environments import with_environment
from modeltap.store.alerts import open_subjects
from modeltap.store.shortfalls import CountedParts, CoverageHour, due_parts

NOT_MONITORED = "not_monitored"

_FEW = 3
"""One or two exchanges are an accident, whatever their share of a quiet hour."""

_REASONS = 3
"""Reasons of one part that are incidents of their own: clients' bodies may have any number."""

_OTHERS = "other reasons"
"""The reason of the incident that is about all others."""

_NAMED = 3
"""More reasons than these would not fit into one line of a message."""


class CoveredHour(NamedTuple):
    """An hour in which a model's exchanges were counted, and the metrics of what they lacked."""

    of: CoverageHour
    metrics: list[Metric]


def due_hours(connection: sqlite3.Connection, settings: SettingsByModel) -> Iterator[CoveredHour]:
    """Yield each hour in which exchanges were counted since it was evaluated.

    It has a metric for each reason of a problem, and for each with an open alert, so that the
    alert can end.
    """
    for counted in due_parts(connection):
        own = settings.for_model(counted.of.model)
        yield CoveredHour(counted.of, _metrics(connection, own, counted))


def _metrics(
    connection: sqlite3.Connection, settings: Settings, counted: CountedParts
) -> list[Metric]:
    model, environment, _ = counted.of
    version = with_environment("", environment)
    known = set(open_subjects(connection, NOT_MONITORED, model, version))
    problems = _by_reason(_missing(connection, settings, counted), known)
    for one in settings_without_match(connection, settings, model, environment):
        if one.total is None or _count([one]) >= _FEW:
            problems[one.subject or one.check].append(one)
    return [
        *(_metric(subject, same) for subject, same in problems.items()),
        *(
            Metric(metric=NOT_MONITORED, feature=one, rows=0, verdict=OK)
            for one in sorted(known - problems.keys())
        ),
    ]


def _missing(
    connection: sqlite3.Connection, settings: Settings, counted: CountedParts
) -> list[Unmonitored]:
    """Return the problems with the parts of exchanges, the commonest first.

    Exchanges are decoded, to propose a setting from, only where there is a problem.
    """
    model, environment, _ = counted.of
    counts = shortfalls_of(counted.counts)
    if not _problems(missing_parts(model, counts, settings)):
        return []
    recent = newest_rows(connection, settings, model, environment)
    return _problems(missing_parts(model, counts, settings, recent))


def _problems(found: Sequence[Unmonitored]) -> list[Unmonitored]:
    return [one for one in found if one.level == "problem"]


def _by_reason(
    found: Sequence[Unmonitored], known: set[str]
) -> defaultdict[str, list[Unmonitored]]:
    """Return problems by the subject of their incident: a part with its reason.

    A few reasons of each part have incidents of their own, first those that have one already; the
    others have one together.
    """
    subjects: defaultdict[str, list[Unmonitored]] = defaultdict(list)
    for check in dict.fromkeys(one.check for one in found):
        same = sorted(
            (one for one in found if one.check == check), key=lambda one: _subject(one) not in known
        )
        own = [one for one in same if _is_many([one])][:_REASONS]
        others = [one for one in same if one not in own]
        for one in own:
            subjects[_subject(one)] = [one]
        if _is_many(others):
            subjects[f"{check}: {_OTHERS}"] = others
    return subjects


def _subject(one: Unmonitored) -> str:
    return f"{one.check}: {one.cause or one.reason}"


def _is_many(found: Sequence[Unmonitored]) -> bool:
    """Return whether these are enough exchanges, of all and by themselves, to alert."""
    count = _count(found)
    return count >= _FEW and count > PROBLEM_FRACTION * _total(found)


def _metric(subject: str, found: Sequence[Unmonitored]) -> Metric:
    total, count = _total(found), _count(found)
    return Metric(
        metric=NOT_MONITORED,
        feature=subject,
        rows=total,
        count=count,
        value=min(1.0, count / total),
        threshold=PROBLEM_FRACTION,
        # What is not there is certain: there is no chance in it that a second hour would rule out.
        strength=AT_ONCE,
        at_once=True,
        verdict=ALERT,
        explanation=_explanation(found),
    )


def _explanation(found: Sequence[Unmonitored]) -> str:
    if len(found) == 1:
        (only,) = found
        return only.statement if only.fix is None else f"{only.statement}; {only.fix}"
    reasons = "; ".join(one.statement for one in found[:_NAMED])
    more = f"; {len(found) - _NAMED} more reasons" if len(found) > _NAMED else ""
    return f"{reasons}{more}; modeltap doctor has the settings that fix them"


def _total(found: Sequence[Unmonitored]) -> int:
    return found[0].total or 1


def _count(found: Sequence[Unmonitored]) -> int:
    return sum(1 if one.count is None else one.count for one in found)
