"""Events: the content of messages about alerts, with a summary sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import msgspec

from modeltap import clock
from modeltap.alerts.rules import DEFAULT_RULES
from modeltap.alerts.transitions import ERROR, NO_DATA, RESOLVED, Transition
from modeltap.environments import named, reported

_MAX_BODY_BYTES = 20_000
"""Maximum size of a body, as recommended by Standard Webhooks."""

_MAX_TEXT = 400
"""Maximum length of a text. Chat services show messages of a few lines in full."""

_SUMMED_UP = 3
"""Number of alerts whose sentences are in the summary, the most severe first."""

_NAMED = 10
"""Number of further alerts that the summary names."""

_PUBLIC = (
    "id",
    "fingerprint",
    "metric",
    "feature",
    "segment",
    "severity",
    "state",
    "value",
    "threshold",
    "p_value",
    "window_start",
    "window_end",
    "last_window_start",
    "started_at",
    "resolved_at",
    "summary",
)

_QUOTED = r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
"""A value from a payload. Explanations quote only such values, with Python's `repr`. A quote
after a letter is an apostrophe."""

_SETTING = (
    r"(?:(?<=models\.)|(?<=features\.)|(?<=rows = )|(?<=prediction = )|(?<=event_time = )"
    r"|(?<=did you mean ))"
    f"{_QUOTED}"
)
"""But what stands in a setting that fixes something is a name."""

_NEW_VALUE = (
    r"(?:(?<=: value )|(?<=: no value above )|(?<=: no value below ))"
    r"-?(?:\d+(?:[.,]\d+)*(?:e[+-]?\d+)?|inf)"
)
"""A new number in many rows, which explanations do not quote."""

_CATEGORY = r"(?:(?<=: category )|(?<= is now ))`(?:[^`\\]|\\.)*`"
"""The old and new name of a category, which explanations put in backquotes."""

_NAMES = ("feature", "model", "segment")


def event_of(
    group: Sequence[Transition],
    *,
    open_alerts: int = 1,
    dashboard: str | None = None,
    include_values: bool = False,
) -> dict[str, Any]:
    """Return one event about `group`, below 20 KB.

    Args:
        group: transitions, the most severe first.
        include_values: whether values from payloads may be quoted.
        open_alerts: the number of firing alerts of the same rule and model.
        dashboard: the base URL of the link.
    """
    if not include_values:
        group = [replace(item, alert=without_values(dict(item.alert))) for item in group]
    first = group[0].alert
    alerts = [_public(item.alert) for item in group]
    data = {
        **reported({name: first[name] for name in ("model", "version", "rule", "severity")}),
        "rule_name": rule_name(first),
        "window_start": group[0].window_start,
        "window_end": group[0].window_end,
        "started_at": min(item.alert["started_at"] for item in group),
        "summary": _clipped(summary(group), 2 * _MAX_TEXT),
        "alerts": alerts,
        "alerts_left_out": 0,
        "open_alerts": open_alerts,
        "repeated": group[0].repeated,
        "link": dashboard and f"{dashboard.rstrip('/')}/alerts?id={first['id']}",
    }
    event = {"type": group[0].event, "timestamp": clock.now(), "data": data}
    return bounded(event, "alerts")


def rule_name(alert: Mapping[str, Any]) -> str | None:
    """Return the name of an alert's rule in the settings; None if it has none there."""
    name = dict(alert).get("rule_name")
    return None if name is None else str(name)


def bounded(event: dict[str, Any], listed: str) -> dict[str, Any]:
    """Shorten `event` to less than 20 KB by dropping, and counting, the last items of a list.

    >>> event = bounded({"data": {"models": ["x" * 9000, "y" * 9000, "z" * 9000]}}, "models")
    >>> len(event["data"]["models"]), event["data"]["models_left_out"]
    (2, 1)
    """
    data = event["data"]
    room = _MAX_BODY_BYTES - len(encoded({**event, "data": {**data, listed: []}})) - 32
    sizes = accumulate(len(encoded(item)) + 1 for item in data[listed])
    kept = max(1, sum(size < room for size in sizes))
    data[f"{listed}_left_out"] = max(0, len(data[listed]) - kept)
    data[listed] = data[listed][:kept]
    return event


def without_values(alert: Mapping[str, Any]) -> dict[str, Any]:
    r"""Return an alert with a summary that contains no values from payloads.

    >>> summary = "m: driver's car: fraction of 'red' went from 0 % to 9 %"
    >>> about = {"model": "m", "feature": "driver's car", "segment": None}
    >>> without_values({**about, "summary": summary})["summary"]
    "m: driver's car: fraction of [value] went from 0 % to 9 %"
    >>> for text in ("age: value -999.5 in 5 % of rows", "age: no value above 1,700, 4.9 % before"):
    ...     print(without_values({**about, "summary": text})["summary"])
    age: value [value] in 5 % of rows
    age: no value above [value], 4.9 % before
    >>> summary = '3 of 3 exchanges have no prediction; set [models."a b".mapping] rows = "x[]"'
    >>> without_values({**about, "summary": summary})["summary"] == summary
    True
    >>> summary = r"m: channel: category `a\`b` is now `mobile` (30 % of rows)"
    >>> without_values({**about, "summary": summary})["summary"]
    'm: channel: category [value] is now [value] (30 % of rows)'
    >>> summary = "m: no rows until the window's end; the reference's longest pause was 2 h"
    >>> without_values({**about, "summary": summary})["summary"] == summary
    True
    """
    # Names are not quoted and may contain a quote.
    names = [re.escape(str(alert[name])) for name in _NAMES if len(str(alert[name] or "")) > 1]
    quoted = re.compile(
        "|".join([*(f"({name})" for name in [*names, _SETTING]), _QUOTED, _CATEGORY, _NEW_VALUE])
    )
    text = quoted.sub(lambda match: match[0] if match.lastindex else "[value]", alert["summary"])
    return {**alert, "summary": text}


def summary(group: Sequence[Transition]) -> str:
    """Return a sentence about the alerts that began or ended in a window."""
    first, when = group[0].alert, _when(group[0].window_start, group[0].window_end)
    head = f"{named(first['model'], first['version'])}: "
    names = f"{', '.join(map(_name, group[:_NAMED]))}{_more(group, _NAMED)}"
    if group[0].note is not None:
        return f"{head}{group[0].note}: {names}"
    if group[0].event == RESOLVED:
        return f"{head}back to normal in {when}: {names}"
    if group[0].event == NO_DATA:
        return f"{head}state unknown since {when}, not enough data for a verdict; affected: {names}"
    if group[0].event == ERROR:
        return f"{head}state unknown because the analysis failed; affected: {names}"
    sentences = "; ".join(
        str(item.alert["summary"]).removeprefix(head) for item in group[:_SUMMED_UP]
    )
    rest = group[_SUMMED_UP:]
    also = f"; also {', '.join(map(_name, rest[:_NAMED]))}{_more(rest, _NAMED)}" if rest else ""
    if group[0].repeated:
        since = clock.short(min(item.alert["started_at"] for item in group))
        return f"{head}{_headline(group)} (still firing, since {since}): {sentences}{also}"
    return f"{head}{_headline(group)} in {when}: {sentences}{also}"


def encoded(event: Any) -> bytes:
    """Return the event as JSON. NaN becomes null."""
    return msgspec.json.encode(event)


def _public(alert: Mapping[str, Any]) -> dict[str, Any]:
    public = {name: _clipped(alert[name]) for name in _PUBLIC}
    public["examples"] = json.loads(alert["examples"]) if alert["examples"] else []
    public["related"] = json.loads(alert["related"]) if alert["related"] else None
    return public


def _headline(group: Sequence[Transition]) -> str:
    rule = group[0].alert["rule"]
    if rule != "data_drift":
        return DEFAULT_RULES[rule].subject
    if group[0].alert["feature"] is None:
        return "multivariate drift of the inputs"
    count = sum(len(_related(item)) or 1 for item in group)
    return "1 input drifted" if count == 1 else f"{count} inputs drifted"


def _name(transition: Transition) -> str:
    alert, related = transition.alert, _related(transition)
    return " and ".join(related) if related else str(alert["feature"] or alert["metric"])


def _related(transition: Transition) -> list[str]:
    related: list[str] = json.loads(transition.alert["related"] or "[]")
    return related


def _more(group: Sequence[Transition], shown: int) -> str:
    return f" and {len(group) - shown} more" if len(group) > shown else ""


def _when(start: str, end: str) -> str:
    """Return a window's name.

    >>> _when("2013-03-04T00:00:00.000Z", "2013-03-11T00:00:00.000Z")
    'the week from 2013-03-04'
    """
    length = (clock.parse(end) or 0.0) - (clock.parse(start) or 0.0)
    unit = {clock.HOUR: "hour", clock.DAY: "day", clock.WEEK: "week"}.get(length)
    if unit is None:
        return f"the period from {clock.short(start)} to {clock.short(end)}"
    return f"the {unit} from {clock.short(start)}"


def _clipped(value: Any, length: int = _MAX_TEXT) -> Any:
    if isinstance(value, str) and len(value) > length:
        return value[: length - 1] + "…"
    return value
