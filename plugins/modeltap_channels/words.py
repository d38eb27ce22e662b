"""The parts of a message that all channels share: title, facts, lines and severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap import clock

MAX_ALERTS = 10
_MAX_LINE = 400
_ICONS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}
_COLORS = {"critical": 0xD32F2F, "warning": 0xF57C00, "info": 0x1976D2}
_GREEN = 0x388E3C


def title(event: Mapping[str, Any]) -> str:
    """Return one line that says what and of which model.

    >>> title({"type": "alert.resolved", "data": {"model": "flights", "rule": "data_drift"}})
    '🟢 flights: data drift is over'
    >>> title({"type": "test", "data": {"model": "flights", "environment": "staging"}})
    'modeltap: a test message'
    """
    kind, data = event["type"], event["data"]
    model = data.get("model") or "all models"
    model += f" in {data['environment']}" if data.get("environment") else ""
    what = str(data.get("rule") or "").replace("_", " ")
    if kind == "alert.resolved":
        return f"🟢 {model}: {what} is over"
    if kind in ("alert.no_data", "alert.error"):
        return f"⚪ {model}: {what} is not known any more"
    if kind == "alert.firing":
        still = " goes on" if data.get("repeated") else ""
        return f"{_ICONS.get(data.get('severity'), '')} {model}: {what}{still}".strip()
    return {
        "digest": "modeltap: digest",
        "retrain": f"{model}: time to train again",
        "test": "modeltap: a test message",
    }.get(kind, f"modeltap: {kind}")


def text(event: Mapping[str, Any]) -> str:
    """Return the event's summary: in plain words what happened, and how sure that is."""
    return str(event["data"].get("summary") or title(event))


def facts(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what else people want to know, as names and values."""
    data = event["data"]
    found = [
        ("Model", data.get("model")),
        ("Version", data.get("version")),
        ("Environment", data.get("environment")),
        ("Severity", data.get("severity")),
    ]
    if data.get("started_at"):
        found.append(("Since", f"{clock.short(data['started_at'])} UTC"))
    ids = [one for alert in data.get("alerts", ()) for one in alert.get("examples", ())]
    if ids:
        found.append(("Look at", ", ".join(dict.fromkeys(ids[:3]))))
    return [(name, str(value)) for name, value in found if value]


def lines(event: Mapping[str, Any]) -> list[str]:
    """Return a line for each alert of a message about several, or each model of a digest."""
    data = event["data"]
    if data.get("models"):
        return _listed(data["models"], data.get("models_left_out"))
    alerts = data.get("alerts", ())
    return _listed(alerts, data.get("alerts_left_out")) if len(alerts) > 1 else []


def _listed(told: Sequence[Mapping[str, Any]], left_out: int | None) -> list[str]:
    shown = [clipped(str(one["summary"]), _MAX_LINE) for one in told[:MAX_ALERTS]]
    more = len(told) - len(shown) + (left_out or 0)
    return [*shown, f"and {more} more"] if more else shown


def link(event: Mapping[str, Any]) -> str | None:
    """Return where to look, if a dashboard's address is set."""
    found = event["data"].get("link")
    return str(found) if found else None


def color(event: Mapping[str, Any]) -> int:
    """Return a colour as 24 bits: green when it is over."""
    if event["type"] == "alert.resolved":
        return _GREEN
    return _COLORS.get(event["data"].get("severity"), _COLORS["info"])


def fitting(lines: Sequence[str], length: int) -> str:
    """Join the first of `lines`, as many as a receiver takes; the first one fits.

    >>> fitting(["ab", "cd", "ef"], 7)
    'ab\\ncd…'
    """
    text = lines[0]
    for line in lines[1:]:
        if len(text) + len(line) + 2 > length:
            return f"{text}…"
        text += f"\n{line}"
    return text


def clipped(said: str, length: int) -> str:
    """Cut what is longer than a receiver takes.

    >>> clipped("abcdef", 4)
    'abc…'
    """
    return said if len(said) <= length else said[: length - 1] + "…"
