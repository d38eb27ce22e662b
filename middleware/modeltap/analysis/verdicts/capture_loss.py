"""What capture lost: each hour with a loss is an alert, two hours without one end it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from modeltap import clock
from modeltap.analysis.model.metric import ALERT, AT_ONCE, OK, Metric
from modeltap.analysis.verdicts.recorder import OnJudged, metric_row
from modeltap.config.windows import Window
from modeltap.store.connection import writing
from modeltap.store.dropped import JUDGED, newest_dropped, recovered_incidents
from modeltap.store.metrics import save_metrics
from modeltap.store.watermarks import advance, watermark

CAPTURE_LOSS = "capture_loss"

_HOUR = 3600.0
_WINDOW = Window("seconds", 3600)
_NAMED = 5


def judge_losses(
    connection: sqlite3.Connection, fence: Callable[[], bool], on_judged: OnJudged, now: float
) -> int:
    """Turn losses that are new into metric rows and alerts; return how many hours were judged.

    Args:
        fence: asked inside the transaction; False means that another took over.
        now: Unix seconds.
    """
    with writing(connection):
        if not fence():
            return 0
        before = watermark(connection, JUDGED)
        newest = newest_dropped(connection)
        rows = [*_lossy(connection, before), *_calm(connection, now)]
        advance(connection, JUDGED, before, max(newest, before))
        for row in rows:
            save_metrics(connection, [row])
            on_judged(connection, [row])
    return len(rows)


def _lossy(connection: sqlite3.Connection, before: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each model and hour that something new was lost in."""
    found = connection.execute("select model, at from dropped where seq > ?", (before,)).fetchall()
    hours = {(row["model"], _WINDOW.start(clock.parse(row["at"]) or 0.0)) for row in found}
    for model, hour in sorted(hours):
        reasons = connection.execute(
            "select reason, sum(count) as count from dropped "
            "where model = ? and at >= ? and at < ? "
            "group by reason order by 2 desc",
            (model, clock.iso(hour), clock.iso(hour + _HOUR)),
        ).fetchall()
        yield _row(model, hour, _lost(reasons))


def _calm(connection: sqlite3.Connection, now: float) -> Iterator[dict[str, Any]]:
    """Yield the first two hours that are over after the last one with a loss, per open incident."""
    for alert in recovered_incidents(connection, now):
        last = clock.parse(alert["last_window_start"]) or 0.0
        for hour in (last + _HOUR, last + 2 * _HOUR):
            calm = Metric(metric=CAPTURE_LOSS, rows=0, count=0, value=0.0, verdict=OK)
            yield _row(alert["model"], hour, calm)


def _lost(reasons: list[sqlite3.Row]) -> Metric:
    total = sum(row["count"] for row in reasons)
    named = [f"{row['count']:,} ({row['reason']})" for row in reasons if row["count"]]
    told = [row["reason"] for row in reasons if not row["count"]]
    said = [f"{total:,} exchanges were not recorded: {', '.join(named[:_NAMED])}"] if named else []
    return Metric(
        metric=CAPTURE_LOSS,
        rows=total,
        count=total,
        value=float(total),
        threshold=0.0,
        strength=AT_ONCE,  # a loss is certain: one window is enough
        verdict=ALERT,
        explanation="; ".join(said + told[:_NAMED]),
    )


def _row(model: str, hour: float, metric: Metric) -> dict[str, Any]:
    return metric_row(
        metric,
        model=model,
        version="",
        window=_WINDOW.text,
        window_start=clock.iso(hour),
        window_end=clock.iso(hour + _HOUR),
        in_reference=0,
        reference_id=None,
    )
