"""The page of alerts: open ones first, with what people do about them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from modeltap import clock
from modeltap.alerts.silence import acknowledge, add_note, find_alert, silence
from modeltap.config.windows import parse_seconds
from modeltap.dashboard.asked import Pages
from modeltap.dashboard.page_table import PageTable
from modeltap.environments import with_environment
from modeltap.errors import InputError
from modeltap.store.alert_history import list_changes
from modeltap.store.alerts import list_alerts
from modeltap.store.models import ModelVersion, check_model

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
_DONE = ("resolved",)


def alerts_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the alerts."""
    model = request.query_params.get("model") or None
    check_model(connection, model)
    pages = Pages.of(request)
    alerts = list_alerts(connection, model, None)
    alerts.sort(key=lambda alert: (alert["state"] in _DONE, _reversed(alert["started_at"])))
    shown = []
    for alert in alerts:
        of = ModelVersion(alert["model"], with_environment(alert["version"], alert["environment"]))
        feature = alert["feature"]
        shown.append(
            {
                "alert": alert,
                "summary": alert["summary"].removeprefix(f"{alert['model']}: "),
                "is_open": alert["state"] not in _DONE,
                "chart": pages.feature(of, feature, alert["window_start"])
                if feature
                else pages.model(of),
                "examples": pages.path("exchanges", alert=alert["id"])
                if alert["examples"]
                else None,
                "act": pages.path("alerts", alert["id"]),
            }
        )
    values = {"alerts": shown, "changes": list_changes(connection, model)[-50:], "model": model}
    return values, [PageTable("alerts", _COLUMNS, alerts)]


def _reversed(text: str) -> tuple[int, ...]:
    """Return a sort key that orders texts backwards."""
    return tuple(-ord(character) for character in text)


def change_alert_by_form(
    connection: sqlite3.Connection, alert_id: str, form: Mapping[str, Any]
) -> None:
    """Acknowledge, silence or annotate an alert as a form asks, inside the transaction.

    Raises:
        InputError: if the form asks for something else, or the alert is not in the store.
    """
    action = str(form.get("action", ""))
    note = str(form.get("note", "")).strip() or None
    if action == "acknowledge":
        acknowledge(connection, alert_id, note)
    elif action == "note":
        add_note(connection, alert_id, note or "")
    elif action == "silence":
        until = clock.iso(
            time.time() + parse_seconds(str(form.get("for", "")), "the time of a silence")
        )
        fingerprint = find_alert(connection, alert_id)["fingerprint"]
        silence(connection, until, fingerprint=fingerprint, reason=note)
    else:
        raise InputError(f"unknown action {action!r}; use acknowledge, silence or note")
