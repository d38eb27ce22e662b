"""The digest: what a day or a week was like, model by model; and the call to train again."""

from __future__ import annotations

import sqlite3
from typing import Any

from modeltap import clock
from modeltap.notify.events import bounded, without_values
from modeltap.wording import plural

DIGEST = "digest"
RETRAIN = "retrain"

_NAMED = 3


def digest(connection: sqlite3.Connection, start: str, end: str) -> dict[str, Any]:
    """Return the event that tells of the time from `start` to `end`, each model in a sentence."""
    names = connection.execute(
        "select model from settings union select model from traffic union select model from alerts "
        "where model <> '' order by 1"
    )
    models = [_of_model(connection, row[0], start, end) for row in names.fetchall()]
    firing = sum(one["alerts_firing"] for one in models)
    began = sum(one["alerts_began"] for one in models)
    period = f"{clock.short(start)} to {clock.short(end)}"
    said = f"{period}: {plural(len(models), 'model')}, {_alerts(firing)}, {began} began"
    # What is left out of a message that has no room for all are the quiet ones.
    models.sort(key=lambda one: -one["alerts_firing"])
    return bounded(
        {
            "type": DIGEST,
            "timestamp": clock.now(),
            "data": {
                "summary": said,
                "period_start": start,
                "period_end": end,
                "models": models,
                "alerts": [],
            },
        },
        "models",
    )


def retrain(connection: sqlite3.Connection, model: str, since: str) -> dict[str, Any]:
    """Return the event that asks for a model to be trained again, with what there is for it."""
    labelled = connection.execute(
        "select ifnull(sum(labels), 0) from label_days where model = ? and day >= ?",
        (model, since[:10]),
    ).fetchone()[0]
    firing = _count(connection, model, "state = 'firing'", ())
    said = f"{model}: time to train again: {labelled:,} labels since {clock.short(since)}, "
    return {
        "type": RETRAIN,
        "timestamp": clock.now(),
        "data": {
            "model": model,
            "since": since,
            "labels": labelled,
            "alerts_firing": firing,
            "performance": _latest(connection, model, ("mae", "rmse", "accuracy", "f1_macro")),
            "summary": said + _alerts(firing),
            "alerts": [],
        },
    }


def _alerts(count: int) -> str:
    if count < 2:
        return f"{'1' if count else 'no'} alert fires"
    return f"{count} alerts fire"


def _of_model(connection: sqlite3.Connection, model: str, start: str, end: str) -> dict[str, Any]:
    traffic = connection.execute(
        "select ifnull(sum(requests), 0), ifnull(sum(errors), 0) from traffic "
        "where model = ? and window_start >= ? and window_start < ?",
        (model, start, end),
    ).fetchone()
    began = _count(
        connection,
        model,
        "id in (select alert_id from alert_history where state = 'firing' and at >= ?)",
        (start,),
    )
    firing = connection.execute(
        "select model, feature, segment, summary from alerts where model = ? "
        "and state in ('firing', 'no_data', 'error') order by severity = 'critical' desc, "
        "started_at limit ?",
        (model, _NAMED),
    ).fetchall()
    count = _count(connection, model, "state in ('firing', 'no_data', 'error')", ())
    latest = _latest(connection, model, ("mae", "accuracy", "latency_p95_ms"))
    parts = [f"{traffic[0]:,} requests"]
    parts += [f"{traffic[1]:,} failed"] if traffic[1] else []
    parts += [f"{name} {value:.4g}" for name, value in latest.items()]
    parts += [_alerts(count)]
    words = (without_values(dict(row))["summary"] for row in firing)
    told = "; ".join(one.removeprefix(f"{model}: ") for one in words)
    return {
        "model": model,
        "requests": traffic[0],
        "errors": traffic[1],
        "alerts_firing": count,
        "alerts_began": began,
        **latest,
        "summary": f"{model}: {', '.join(parts)}" + (f": {told}" if told else ""),
    }


def _count(connection: sqlite3.Connection, model: str, where: str, values: tuple[Any, ...]) -> int:
    found: int = connection.execute(
        f"select count(*) from alerts where model = ? and {where}", (model, *values)
    ).fetchone()[0]
    return found


def _latest(
    connection: sqlite3.Connection, model: str, metrics: tuple[str, ...]
) -> dict[str, float]:
    found = {}
    for metric in metrics:
        row = connection.execute(
            "select value from metrics where model = ? and metric = ? and segment is null "
            "and value is not null order by window_start desc limit 1",
            (model, metric),
        ).fetchone()
        if row is not None:
            found[metric] = row[0]
    return found
