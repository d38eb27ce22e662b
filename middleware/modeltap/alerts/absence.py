"""Dead-man rules: what should come and does not. No requests, no labels, no analysis, no delivery.

Few indexed queries and no NumPy, because the app's own process asks whether there is news.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from modeltap import clock
from modeltap.alerts.lifecycle import Transition, update
from modeltap.alerts.rules import rules_for
from modeltap.analysis.model.metric import AT_ONCE
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.windows import Window, parse_seconds
from modeltap.store.child_runs import last_child_runs
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics

DEAD_MAN_RULES = ("no_traffic", "no_labels", "analysis_failed", "delivery_failed")

RulesOf = Callable[[str], Sequence[RuleSettings]]

_DAY = 86_400.0
_WEEK = 7 * _DAY
_WINDOW = Window("seconds", 3600)
_PAUSES = 2.0
"""A pause twice as long as the longest one known is news."""

_SHORTEST_PAUSE = 1200.0

_MIN_LABEL_DAYS = 3
_FAILED_RUNS = 3
_WAITED_SECONDS = 3600.0


@dataclass(frozen=True)
class Missing:
    """Something that should be there and is not; `length` is in seconds, or a count."""

    rule: str
    model: str
    feature: str | None
    length: float
    threshold: float
    explanation: str

    @property
    def subject(self) -> tuple[str, str, str | None]:
        """What its alert is known by."""
        return self.rule, self.model, self.feature


def missing(connection: sqlite3.Connection, rules_of: RulesOf, now: float) -> list[Missing]:
    """Return all that is missing at `now`, in Unix seconds."""
    found = [
        *_no_traffic(connection, rules_of, now),
        *_no_labels(connection, rules_of, now),
        *_analysis_failed(connection),
        *_delivery_failed(connection, now),
    ]
    return [one for one in found if _is_watched(one, rules_of(one.model))]


def news(connection: sqlite3.Connection, rules_of: RulesOf, now: float) -> bool:
    """Say whether `watch` would change an alert."""
    return {one.subject for one in missing(connection, rules_of, now)} != set(_open(connection))


def watch(connection: sqlite3.Connection, rules_of: RulesOf, now: float) -> list[Transition]:
    """Bring the alerts about what is missing up to date, in the caller's transaction."""
    found = {one.subject: one for one in missing(connection, rules_of, now)}
    changed = []
    for subject in dict.fromkeys([*found, *_open(connection)]):
        row = _row(subject, found.get(subject), now)
        save_metrics(connection, [row])
        changed += update(connection, [row], rules_of(subject[1]), calm_windows=1)
    return changed


def _is_watched(one: Missing, rules: Sequence[RuleSettings]) -> bool:
    about = {
        "model": one.model,
        "version": "",
        "metric": one.rule,
        "feature": one.feature,
        "segment": None,
    }
    return bool(rules_for(about, rules))


def _open(connection: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    rows = connection.execute(
        "select rule, model, feature from alerts where state <> 'resolved' and metric = rule "
        f"and rule in ({', '.join('?' * len(DEAD_MAN_RULES))})",
        DEAD_MAN_RULES,
    )
    return [tuple(row) for row in rows]


def _row(
    subject: tuple[str, str, str | None], found: Missing | None, now: float
) -> Mapping[str, Any]:
    rule, model, feature = subject
    start = _WINDOW.start(now)
    said: dict[str, Any] = {
        "model": model,
        "version": "",
        "window": _WINDOW.text,
        "window_start": clock.iso(start),
        "window_end": clock.iso(start + _WINDOW.size),
        "rows": 0,
        "metric": rule,
        "feature": feature,
        "in_reference": 0,
        "verdict": "ok",
        "computed_at": clock.now(),
    }
    if found is not None:
        said |= {
            "verdict": "alert",
            "value": found.length,
            "threshold": found.threshold,
            "strength": AT_ONCE,
            "explanation": found.explanation,
        }
    return {name: said.get(name) for name in METRIC_COLUMNS}


def _no_traffic(connection: sqlite3.Connection, rules_of: RulesOf, now: float) -> Iterator[Missing]:
    for model, first, last, pause in connection.execute(
        "select model, min(first_at), max(last_at), max(iif(day >= ?, longest_pause, 0)) "
        "from request_days group by model",
        (clock.iso(now - _WEEK)[:10],),
    ).fetchall():
        after, said = _after(rules_of(model), "no_traffic", model)
        if after is None:
            after = max(_PAUSES * pause, _SHORTEST_PAUSE)
            said = f"the longest pause before was {clock.length(pause)}"
            if now - (clock.parse(first) or 0.0) < _WEEK:
                after = max(after, _DAY)  # nights and weekends are not known yet
        silent = now - (clock.parse(last) or 0.0)
        # A model that nobody asks for a month has gone: what there was to say was said.
        if after < silent < max(30 * _DAY, 2 * after):
            words = f"no request for {clock.length(silent)}, since {clock.short(last)}; {said}"
            yield Missing("no_traffic", model, None, silent, after, words)


def _no_labels(connection: sqlite3.Connection, rules_of: RulesOf, now: float) -> Iterator[Missing]:
    rows = connection.execute(
        "select model, last_at from label_days where day >= ? order by model, day",
        (clock.iso(now - 60 * _DAY)[:10],),
    ).fetchall()
    for model in dict.fromkeys(row[0] for row in rows):
        times = [clock.parse(row[1]) or 0.0 for row in rows if row[0] == model]
        after, said = _after(rules_of(model), "no_labels", model)
        if after is None:
            if len(times) < _MIN_LABEL_DAYS:
                continue
            longest = max(b - a for a, b in pairwise(times))
            after = max(_PAUSES * longest, 2 * _DAY)
            said = f"the longest pause before was {clock.length(longest)}"
        silent = now - times[-1]
        if silent > after and _has_traffic(connection, model, now - after):
            words = (
                f"no label for {clock.length(silent)}, since {clock.short(clock.iso(times[-1]))}"
            )
            yield Missing("no_labels", model, None, silent, after, f"{words}; {said}")


def _has_traffic(connection: sqlite3.Connection, model: str, since: float) -> bool:
    return (
        connection.execute(
            "select 1 from request_days where model = ? and last_at >= ?", (model, clock.iso(since))
        ).fetchone()
        is not None
    )


def _analysis_failed(connection: sqlite3.Connection) -> Iterator[Missing]:
    runs = last_child_runs(connection, "analyze", _FAILED_RUNS)
    if len(runs) == _FAILED_RUNS and all(run.exit for run in runs):
        last = ([line for line in runs[0].log.splitlines() if line.strip()] or [""])[-1]
        words = f"the last {_FAILED_RUNS} analyses failed: {last[:300] or 'no message'}"
        yield Missing("analysis_failed", "", None, float(_FAILED_RUNS), 0.0, words)


def _delivery_failed(connection: sqlite3.Connection, now: float) -> Iterator[Missing]:
    for webhook, count, error in connection.execute(
        "select webhook, count(*), last_error from deliveries where (state = 'pending' and "
        "attempts >= ? and created_at <= ?) or (state = 'dead' and created_at >= ?) "
        "group by webhook",
        (_FAILED_RUNS, clock.iso(now - _WAITED_SECONDS), clock.iso(now - _DAY)),
    ).fetchall():
        words = f"{count} messages could not be delivered to {webhook}: {error or 'no answer'}"
        yield Missing("delivery_failed", "", webhook, float(count), 0.0, words)


def _after(rules: Sequence[RuleSettings], rule: str, model: str) -> tuple[Any, str]:
    """Return how long the settings let it be missing, and how to say so; None without a word."""
    said = [
        one for one in rules if one.rule == rule and one.after and one.is_about({"model": model})
    ]
    if not said:
        return None, ""
    return parse_seconds(str(said[-1].after), "after"), f"{said[-1].after} are allowed"
