"""Hourly metrics of what is not monitored: parts that exchanges lack, settings without a match."""

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
"""One or two exchanges may be an accident, even if they are many in a quiet hour."""

_REASONS = 3
"""The most reasons per part with incidents of their own: clients may send any number of forms."""

_OTHERS = "other reasons"
"""The reason of the incident about all other reasons."""

_NAMED = 3
"""The most reasons that fit into one line of a message."""


class CoveredHour(NamedTuple):
    """An hour in which a model's exchanges were counted, and the metrics of what they lacked."""

    of: CoverageHour
    metrics: list[Metric]


def due_hours(connection: sqlite3.Connection, settings: SettingsByModel) -> Iterator[CoveredHour]:
    """Yield each hour with exchanges that were counted since its last evaluation.

    It has a metric for each reason of a problem, and for each with an open alert, so that the alert
    can resolve.
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
    for finding in settings_without_match(connection, settings, model, environment):
        if finding.total is None or _count([finding]) >= _FEW:
            problems[finding.subject or finding.check].append(finding)
    return [
        *(_metric(subject, same) for subject, same in problems.items()),
        *(
            Metric(metric=NOT_MONITORED, feature=finding, rows=0, verdict=OK)
            for finding in sorted(known - problems.keys())
        ),
    ]


def _missing(
    connection: sqlite3.Connection, settings: Settings, counted: CountedParts
) -> list[Unmonitored]:
    """Return the problems with the parts of exchanges, the most frequent first.

    Exchanges are decoded to propose a setting, and only if there is a problem.
    """
    model, environment, _ = counted.of
    counts = shortfalls_of(counted.counts)
    if not _problems(missing_parts(model, counts, settings)):
        return []
    recent = newest_rows(connection, settings, model, environment)
    return _problems(missing_parts(model, counts, settings, recent))


def _problems(findings: Sequence[Unmonitored]) -> list[Unmonitored]:
    return [finding for finding in findings if finding.level == "problem"]


def _by_reason(
    findings: Sequence[Unmonitored], known: set[str]
) -> defaultdict[str, list[Unmonitored]]:
    """Return problems by the subject of their incident: a part with its reason.

    A few reasons of each part have incidents of their own, open ones first; the others share one.
    """
    subjects: defaultdict[str, list[Unmonitored]] = defaultdict(list)
    for check in dict.fromkeys(finding.check for finding in findings):
        same = sorted(
            (finding for finding in findings if finding.check == check),
            key=lambda finding: _subject(finding) not in known,
        )
        own = [finding for finding in same if _is_many([finding])][:_REASONS]
        others = [finding for finding in same if finding not in own]
        for finding in own:
            subjects[_subject(finding)] = [finding]
        if _is_many(others):
            subjects[f"{check}: {_OTHERS}"] = others
    return subjects


def _subject(finding: Unmonitored) -> str:
    return f"{finding.check}: {finding.cause or finding.reason}"


def _is_many(findings: Sequence[Unmonitored]) -> bool:
    """Return whether these are enough exchanges to alert, in number and as a fraction."""
    count = _count(findings)
    return count >= _FEW and count > PROBLEM_FRACTION * _total(findings)


def _metric(subject: str, findings: Sequence[Unmonitored]) -> Metric:
    total, count = _total(findings), _count(findings)
    return Metric(
        metric=NOT_MONITORED,
        feature=subject,
        rows=total,
        count=count,
        value=min(1.0, count / total),
        threshold=PROBLEM_FRACTION,
        # A missing part is certain, so a second hour need not confirm it.
        strength=AT_ONCE,
        at_once=True,
        verdict=ALERT,
        explanation=_explanation(findings),
    )


def _explanation(findings: Sequence[Unmonitored]) -> str:
    if len(findings) == 1:
        (only,) = findings
        return only.statement if only.fix is None else f"{only.statement}; {only.fix}"
    reasons = "; ".join(finding.statement for finding in findings[:_NAMED])
    more = f"; {len(findings) - _NAMED} more reasons" if len(findings) > _NAMED else ""
    return f"{reasons}{more}; see modeltap doctor for the fixes"


def _total(findings: Sequence[Unmonitored]) -> int:
    return findings[0].total or 1


def _count(findings: Sequence[Unmonitored]) -> int:
    return sum(1 if finding.count is None else finding.count for finding in findings)
