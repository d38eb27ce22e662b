"""`metrics`: what was computed of each window."""

from __future__ import annotations

import click

from modeltap.cli.options import check_model, json_option, model_option, read_store, store_option
from modeltap.config.metrics import METRICS
from modeltap.errors import InputError, nearest
from modeltap.output import emit

COLUMNS = (
    "model",
    "version",
    "window",
    "window_start",
    "window_end",
    "rows",
    "count",
    "metric",
    "feature",
    "segment",
    "value",
    "low",
    "high",
    "threshold",
    "p_value",
    "verdict",
    "explanation",
    "examples",
    "in_reference",
)
_SHOWN = (
    "window_start",
    "window_end",
    "rows",
    "metric",
    "feature",
    "value",
    "threshold",
    "verdict",
)


@click.command()
@store_option
@model_option()
@click.option("--metric", default=None, help="Only this metric, such as drift or mae.")
@click.option("--feature", default=None, help="Only this feature.")
@click.option("--last", type=click.IntRange(1), default=None, help="Only the last N windows.")
@json_option
def metrics(
    store: str | None,
    model: str | None,
    metric: str | None,
    feature: str | None,
    last: int | None,
    as_json: bool,
) -> None:
    """Metrics by window, in order of time."""
    connection = read_store(store)
    check_model(connection, model)
    if metric is not None and metric not in METRICS:
        raise InputError(f"no metric {metric!r}{nearest(metric, METRICS)}")
    for column, value in (("metric", metric), ("feature", feature)):
        if value is not None:
            rows = connection.execute(f"select distinct {column} from metrics")
            known = [row[0] for row in rows if row[0] is not None]
            if known and value not in known:
                raise InputError(f"no {column} {value!r} in this store{nearest(value, known)}")
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from metrics where (:model is null or model = :model) "
        "and (:metric is null or metric = :metric) and (:feature is null or feature = :feature) "
        "and (:last is null or window_start in (select distinct window_start from metrics where "
        "(:model is null or model = :model) and (:metric is null or metric = :metric) "
        "order by window_start desc limit :last)) "
        "order by model, version, window_start, metric, feature",
        {"model": model, "metric": metric, "feature": feature, "last": last},
    )
    empty = (
        "no metrics yet: `modeltap analyze` computes them once a window is over (an hour, unless "
        "`window` says otherwise); `modeltap analyze --open` does not wait for its end"
    )
    emit((dict(row) for row in rows), _SHOWN, as_json=as_json, empty=empty)
