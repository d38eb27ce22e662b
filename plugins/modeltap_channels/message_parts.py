"""Parts of a message that all channels share: title, summary, facts, lines, link and color."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap import clock

MAX_ALERTS = 10
"""Maximum number of alerts listed in a message."""

_MAX_LINE = 400
_ICONS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}
_COLORS = {"critical": 0xD32F2F, "warning": 0xF57C00, "info": 0x1976D2}
_GREEN = 0x388E3C


def title(event: Mapping[str, Any]) -> str:
    """Return one line with the model and the event.

    >>> title({"type": "alert.resolved", "data": {"model": "flights", "rule": "data_drift"}})
    '🟢 flights: data drift resolved'
    >>> named = {"model": "flights", "rule": "custom", "rule_name": "slow at night"}
    >>> title({"type": "alert.firing", "data": {**named, "severity": "info"}})
    '🔵 flights: slow at night'
    >>> title({"type": "test", "data": {"model": "flights", "environment": "staging"}})
    'modeltap: test message'
    """
    kind, data = event["type"], event["data"]
    model = data.get("model") or "all models"
    model += f" in {data['environment']}" if data.get("environment") else ""
    rule = str(data.get("rule_name") or str(data.get("rule") or "").replace("_", " "))
    if kind == "alert.resolved":
        return f"🟢 {model}: {rule} resolved"
    if kind in ("alert.no_data", "alert.error"):
        return f"⚪ {model}: state of {rule} unknown"
    if kind == "alert.firing":
        still = " still firing" if data.get("repeated") else ""
        return f"{_ICONS.get(data.get('severity'), '')} {model}: {rule}{still}".strip()
    return {
        "digest": "modeltap: digest",
        "retrain": f"{model}: retraining {_run_state(data)}",
        "test": "modeltap: test message",
    }.get(kind, f"modeltap: {kind}")


def _run_state(data: Mapping[str, Any]) -> str:
    """Return the state of a run of a policy; without one, retraining is due."""
    return str((data.get("run") or {}).get("state") or "due").replace("_", " ")


def text(event: Mapping[str, Any]) -> str:
    """Return the event's summary, or its title if there is none."""
    return str(event["data"].get("summary") or title(event))


def facts(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return further facts about the event as pairs of a name and a value."""
    data = event["data"]
    values = [
        ("Model", data.get("model")),
        ("Version", data.get("version")),
        ("Environment", data.get("environment")),
        ("Severity", data.get("severity")),
    ]
    if data.get("started_at"):
        values.append(("Since", f"{clock.short(data['started_at'])} UTC"))
    ids = [example for alert in data.get("alerts", ()) for example in alert.get("examples", ())]
    if ids:
        values.append(("Example exchanges", ", ".join(dict.fromkeys(ids[:3]))))
    return [(name, str(value)) for name, value in values if value]


def lines(event: Mapping[str, Any]) -> list[str]:
    """Return a line for each alert, if there are several, or for each model of a digest."""
    data = event["data"]
    if data.get("models"):
        return _listed(data["models"], data.get("models_left_out"))
    alerts = data.get("alerts", ())
    return _listed(alerts, data.get("alerts_left_out")) if len(alerts) > 1 else []


def _listed(items: Sequence[Mapping[str, Any]], left_out: int | None) -> list[str]:
    shown = [clipped(str(item["summary"]), _MAX_LINE) for item in items[:MAX_ALERTS]]
    more = len(items) - len(shown) + (left_out or 0)
    return [*shown, f"and {more} more"] if more else shown


def link(event: Mapping[str, Any]) -> str | None:
    """Return the dashboard's URL for the event, if `dashboard_url` is set."""
    url = event["data"].get("link")
    return str(url) if url else None


def color(event: Mapping[str, Any]) -> int:
    """Return the color of the severity as 24 bits; green for a resolved alert."""
    if event["type"] == "alert.resolved":
        return _GREEN
    return _COLORS.get(event["data"].get("severity"), _COLORS["info"])


def fitting(lines: Sequence[str], length: int) -> str:
    """Join as many of `lines` as fit into `length` characters; the first always fits.

    >>> fitting(["ab", "cd", "ef"], 7)
    'ab\\ncd…'
    """
    text = lines[0]
    for line in lines[1:]:
        if len(text) + len(line) + 2 > length:
            return f"{text}…"
        text += f"\n{line}"
    return text


def clipped(text: str, length: int) -> str:
    """Cut a text to at most `length` characters.

    >>> clipped("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"
