"""Events: the content of messages about alerts, with a summary in plain words."""

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
"""Standard Webhooks asks for bodies below 20 KB."""

_MAX_TEXT = 400
"""A text longer than that is cut: chat services show a message of some lines in full."""

_SUMMED_UP = 3
"""A summary has the sentences of the three worst alerts ..."""

_NAMED = 10
"""... and the names of ten more."""

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
"""Explanations quote values from payloads, and nothing else, as Python's `repr` does; what follows
a letter is an apostrophe."""

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
"""But a number that is new in many rows, which reads better without quotes."""

_CATEGORY = r"(?:(?<=: category )|(?<= is now ))`(?:[^`\\]|\\.)*`"
"""And a category's old and new name, in the backquotes that names have."""

_NAMES = ("feature", "model", "segment")


def event_of(
    group: Sequence[Transition],
    *,
    open_alerts: int = 1,
    dashboard: str | None = None,
    include_values: bool = False,
) -> dict[str, Any]:
    """Write `group`, the worst first, as one event below 20 KB, with the number of alerts left out.

    Args:
        include_values: whether values of payloads may be quoted.
        open_alerts: how many still fire by the same rule for the same model.
        dashboard: the target of the link.
    """
    if not include_values:
        group = [replace(one, alert=without_values(dict(one.alert))) for one in group]
    first = group[0].alert
    alerts = [_public(one.alert) for one in group]
    data = {
        **reported({name: first[name] for name in ("model", "version", "rule", "severity")}),
        "window_start": group[0].window_start,
        "window_end": group[0].window_end,
        "started_at": min(one.alert["started_at"] for one in group),
        "summary": _clipped(summary(group), 2 * _MAX_TEXT),
        "alerts": alerts,
        "alerts_left_out": 0,
        "open_alerts": open_alerts,
        "repeated": group[0].repeated,
        "link": dashboard and f"{dashboard.rstrip('/')}/alerts?id={first['id']}",
    }
    event = {"type": group[0].event, "timestamp": clock.now(), "data": data}
    return bounded(event, "alerts")


def bounded(event: dict[str, Any], listed: str) -> dict[str, Any]:
    """Return `event` below 20 KB: the last items of its list `listed` are left out, and counted.

    >>> event = bounded({"data": {"models": ["x" * 9000, "y" * 9000, "z" * 9000]}}, "models")
    >>> len(event["data"]["models"]), event["data"]["models_left_out"]
    (2, 1)
    """
    data = event["data"]
    room = _MAX_BODY_BYTES - len(encoded({**event, "data": {**data, listed: []}})) - 32
    sizes = accumulate(len(encoded(one)) + 1 for one in data[listed])
    kept = max(1, sum(size < room for size in sizes))
    data[f"{listed}_left_out"] = max(0, len(data[listed]) - kept)
    data[listed] = data[listed][:kept]
    return event


def without_values(alert: Mapping[str, Any]) -> dict[str, Any]:
    r"""Return an alert whose summary quotes no value of a payload: names, numbers and ids alone.

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
    # Names stand unquoted, and may have a quote within.
    names = [re.escape(str(alert[one])) for one in _NAMES if len(str(alert[one] or "")) > 1]
    quoted = re.compile(
        "|".join([*(f"({name})" for name in [*names, _SETTING]), _QUOTED, _CATEGORY, _NEW_VALUE])
    )
    text = quoted.sub(lambda one: one[0] if one.lastindex else "[value]", str(alert["summary"]))
    return {**alert, "summary": text}


def summary(group: Sequence[Transition]) -> str:
    """Return in plain words which alerts began or ended in a window, the worst first."""
    first, when = group[0].alert, _when(group[0].window_start, group[0].window_end)
    head = f"{named(first['model'], first['version'])}: "
    names = f"{', '.join(map(_name, group[:_NAMED]))}{_more(group, _NAMED)}"
    if group[0].event == RESOLVED:
        return f"{head}back to normal in {when}: {names}"
    if group[0].event == NO_DATA:
        return f"{head}not known any more since {when}: {names}: no verdict for lack of data"
    if group[0].event == ERROR:
        return f"{head}not known any more: {names}: the analysis fails"
    reported = "; ".join(str(one.alert["summary"]).removeprefix(head) for one in group[:_SUMMED_UP])
    rest = group[_SUMMED_UP:]
    also = f"; also {', '.join(map(_name, rest[:_NAMED]))}{_more(rest, _NAMED)}" if rest else ""
    if group[0].repeated:
        when = f"still, since {clock.short(min(one.alert['started_at'] for one in group))}"
        return f"{head}{_what(group)} ({when}): {reported}{also}"
    return f"{head}{_what(group)} in {when}: {reported}{also}"


def encoded(event: Any) -> bytes:
    """Return the event's JSON; NaN becomes null, which is valid JSON."""
    return msgspec.json.encode(event)


def _public(alert: Mapping[str, Any]) -> dict[str, Any]:
    public = {name: _clipped(alert[name]) for name in _PUBLIC}
    public["examples"] = json.loads(alert["examples"]) if alert["examples"] else []
    public["related"] = json.loads(alert["related"]) if alert["related"] else None
    return public


def _what(group: Sequence[Transition]) -> str:
    rule = group[0].alert["rule"]
    if rule != "data_drift":
        return DEFAULT_RULES[rule].subject
    if group[0].alert["feature"] is None:
        return "the inputs drifted together"
    count = sum(len(_related(one)) or 1 for one in group)
    return "1 input drifted" if count == 1 else f"{count} inputs drifted"


def _name(one: Transition) -> str:
    related = _related(one)
    return " and ".join(related) if related else str(one.alert["feature"] or one.alert["metric"])


def _related(one: Transition) -> list[str]:
    related: list[str] = json.loads(one.alert["related"] or "[]")
    return related


def _more(group: Sequence[Transition], shown: int) -> str:
    return f" and {len(group) - shown} more" if len(group) > shown else ""


def _when(start: str, end: str) -> str:
    """Name a window.

    >>> _when("2013-03-04T00:00:00.000Z", "2013-03-11T00:00:00.000Z")
    'the week from 2013-03-04'
    """
    length = (clock.parse(end) or 0.0) - (clock.parse(start) or 0.0)
    unit = {clock.HOUR: "hour", clock.DAY: "day", clock.WEEK: "week"}.get(length)
    if unit is None:
        return f"the time from {clock.short(start)} to {clock.short(end)}"
    return f"the {unit} from {clock.short(start)}"


def _clipped(value: Any, length: int = _MAX_TEXT) -> Any:
    if isinstance(value, str) and len(value) > length:
        return value[: length - 1] + "…"
    return value
