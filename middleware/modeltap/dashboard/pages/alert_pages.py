"""The pages of alerts: all of them with their timeline, and one with what happened about it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.requests import Request

from modeltap import clock
from modeltap.alerts.silence import find_alert
from modeltap.charts.bar_chart import bar_chart
from modeltap.charts.line_chart import line_chart
from modeltap.charts.timeline_chart import TimelineBar, TimelineLane, timeline_chart
from modeltap.dashboard.asked import OtherPage, Pages
from modeltap.dashboard.page_table import NamedRows, PageTable
from modeltap.dashboard.pages.alert_changes import silences_of
from modeltap.environments import reported, with_environment
from modeltap.store.alert_history import changes_of, list_changes
from modeltap.store.alerts import alert_with_id, list_alerts
from modeltap.store.delivery_attempts import attempts_about, messages_about
from modeltap.store.exchange_search import ExchangeFilter, search_exchanges
from modeltap.store.metric_history import MetricPoint
from modeltap.store.models import ModelVersion, check_model, known_models
from modeltap.store.text import read_broken_text
from modeltap.summaries.alert_chart import AlertChart, alert_chart

_COLUMNS = (
    "id",
    "rule",
    "model",
    "version",
    "environment",
    "metric",
    "feature",
    "segment",
    "severity",
    "state",
    "started_at",
    "resolved_at",
    "silenced_until",
    "acknowledged_at",
    "summary",
)
_CHANGES = ("at", "alert_id", "model", "rule", "metric", "feature", "state", "value", "note")
_HISTORY = ("at", "state", "window_start", "value", "note")
_MESSAGES = (
    "id",
    "webhook",
    "event_type",
    "state",
    "attempts",
    "last_status",
    "last_error",
    "created_at",
    "next_at",
    "delivered_at",
)
_ATTEMPTS = ("at", "delivery_id", "webhook", "event_type", "outcome", "status", "error")
_EXAMPLES = ("started_at", "id", "method", "path", "status", "error_type", "predictions")
_FACTS_LEFT_OUT = ("id", "summary", "examples", "model", "rule", "state", "severity")

_DONE = ("resolved",)

_LISTED = 100
"""Alerts of a page; each has a form."""

_RECENT = 90 * clock.DAY
"""After a longer time without a change the picture does not reach to now."""

_LANES, _BARS = 20, 400
"""Subjects and incidents of the timeline, the newest ones."""


def alerts_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the alerts.

    Messages link to ``/alerts?id=ALERT``, which goes to the page of that alert.
    """
    pages = Pages.of(request)
    if alert_id := request.query_params.get("id"):
        raise OtherPage(pages.path("alerts", alert_id))
    read_broken_text(connection)
    model = request.query_params.get("model") or None
    check_model(connection, model)
    alerts = list_alerts(connection, model, None)
    alerts.sort(key=lambda alert: (alert["state"] in _DONE, _reversed(alert["started_at"])))
    start = _start(request, len(alerts))
    changes = list_changes(connection, model)
    following = start + _LISTED
    values = {
        "alerts": [_shown(alert, pages) for alert in alerts[start:following]],
        "all": len(alerts),
        "start": start,
        "following": pages.path("alerts", model=model, start=following)
        if following < len(alerts)
        else None,
        "timeline": _timeline(alerts, pages) if alerts else None,
        "changes": changes[-50:],
        "model": model,
        "models": known_models(connection),
    }
    return values, [PageTable("alerts", _COLUMNS, alerts), PageTable("changes", _CHANGES, changes)]


def alert_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template for one alert, by its id or the beginning of it."""
    read_broken_text(connection)
    id_ = find_alert(connection, request.path_params["id"])["id"]
    row = alert_with_id(connection, id_)
    assert row is not None  # it was found in the same transaction, or just before
    alert = reported(dict(row))
    pages = Pages.of(request)
    messages = messages_about(connection, id_)
    examples = search_exchanges(connection, ExchangeFilter(alert=id_)).rows
    tables = [
        PageTable("alert", (*_COLUMNS, "value", "threshold", "p_value"), [alert]),
        PageTable("examples", _EXAMPLES, examples),
        PageTable("history", _HISTORY, changes_of(connection, id_)),
        PageTable("messages", _MESSAGES, messages),
        PageTable("attempts", _ATTEMPTS, attempts_about(connection, id_)),
    ]
    made = alert_chart(connection, alert)
    if made is not None:
        tables.append(PageTable("points", MetricPoint._fields, NamedRows(made.points)))
    values = {
        "one": _shown(alert, pages),
        "chart": None if made is None else line_chart(made.chart),
        "distribution": None if made is None else _distribution(made, alert),
        "by_name": {table.name: table for table in tables},
        "facts": list(_facts(alert)),
        "examples": [(row, pages.path("exchanges", row["id"])) for row in examples],
        "missing_examples": len(json.loads(alert["examples"] or "[]")) - len(examples),
        "messages": [(own, own["state"] == "dead" or _has_failed(own)) for own in messages],
        "silences": silences_of(connection, id_),
    }
    return values, tables


def _distribution(made: AlertChart, alert: Mapping[str, Any]) -> str | None:
    if not made.pairs:
        return None
    return bar_chart(
        f"Distribution of {alert['feature']}",
        "fractions of rows in the reference and in the alert's first window",
        made.pairs,
    )


def _has_failed(message: Mapping[str, Any]) -> bool:
    return bool(message["state"] == "pending" and message["attempts"] > 0)


def _start(request: Request, count: int) -> int:
    text = request.query_params.get("start", "")
    start = int(text[:9]) if text.isdecimal() else 0
    return start if start < count else 0


def _shown(alert: Mapping[str, Any], pages: Pages) -> dict[str, Any]:
    of = ModelVersion(alert["model"], with_environment(alert["version"], alert["environment"]))
    feature = alert["feature"]
    is_of_feature = feature is not None and alert["rule"] != "not_monitored"
    chart = pages.feature(of, feature, alert["window_start"]) if is_of_feature else pages.model(of)
    return {
        "alert": alert,
        "summary": alert["summary"].removeprefix(f"{alert['model']}: "),
        "is_open": alert["state"] not in _DONE,
        "chart": chart if alert["model"] else None,
        "examples": pages.path("exchanges", alert=alert["id"]) if alert["examples"] else None,
        "url": pages.path("alerts", alert["id"]),
    }


def _facts(alert: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in alert.items():
        if name not in _FACTS_LEFT_OUT and value not in (None, ""):
            yield name, value


def _timeline(alerts: Sequence[Mapping[str, Any]], pages: Pages) -> str:
    """Draw the newest incidents, a lane for each subject, the newest subject first."""
    newest = sorted(alerts, key=lambda alert: str(alert["started_at"]), reverse=True)[:_BARS]
    lanes: dict[str, list[TimelineBar]] = {}
    for alert in newest:
        start = clock.parse(alert["started_at"])
        if start is not None:
            lanes.setdefault(_subject(alert), []).append(_bar(alert, start, pages))
    shown = [TimelineLane(name, bars) for name, bars in list(lanes.items())[:_LANES]]
    hidden = len(alerts) - sum(len(lane.bars) for lane in shown)
    older = f" {hidden} older or of other subjects are not drawn." if hidden else ""
    description = f"Each bar is an incident; an arrow at its end says that it is open.{older}"
    return timeline_chart("Timeline of alerts", description, shown, _end_of(shown))


def _end_of(lanes: Sequence[TimelineLane]) -> float:
    """Return the end of the picture: now, or the last change if imported data is old."""
    bars = [bar for lane in lanes for bar in lane.bars]
    last = max((bar.start if bar.end is None else bar.end for bar in bars), default=0.0)
    now = time.time()
    return max(now, last) if now - last < _RECENT else last + clock.DAY


def _subject(alert: Mapping[str, Any]) -> str:
    about = alert["feature"] or alert["segment"] or ""
    return f"{alert['model']} {alert['rule'].replace('_', ' ')} {about}".strip()


def _bar(alert: Mapping[str, Any], start: float, pages: Pages) -> TimelineBar:
    end = clock.parse(alert["resolved_at"]) if alert["resolved_at"] else None
    state = alert["state"].replace("_", " ")
    words = (
        f"{_subject(alert)}, {alert['severity']}, {state}, from {clock.short(alert['started_at'])}"
    )
    return TimelineBar(
        start,
        end if alert["state"] in _DONE else None,
        words,
        alert["severity"],
        pages.path("alerts", alert["id"]),
    )


def _reversed(text: str) -> tuple[int, ...]:
    """Return a sort key that orders texts backwards."""
    return tuple(-ord(character) for character in text)
