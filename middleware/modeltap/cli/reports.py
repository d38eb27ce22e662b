"""`drift`, `quality`, `performance`, `latency`: what was found, for people, latest window first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import click

from modeltap.analysis.counting.counter import total
from modeltap.analysis.counting.counts import layout
from modeltap.analysis.detectors import feed, operations, performance, quality
from modeltap.analysis.explanations.histogram import distribution
from modeltap.analysis.model.metric import share
from modeltap.analysis.model.reference import Reference
from modeltap.cli.metrics import COLUMNS
from modeltap.cli.options import check_model, json_option, model_option, read_store, store_option
from modeltap.errors import InputError, nearest
from modeltap.output import emit

_SHOWN = (
    "window_start",
    "rows",
    "feature",
    "metric",
    "value",
    "threshold",
    "verdict",
    "explanation",
)
_BAR = 30
_ONCE_OVER = "`modeltap analyze` computes it, once a window is over"
_KINDS: dict[str, tuple[str, Sequence[str], str]] = {
    "drift": (
        "How far inputs and answers have moved from the reference.",
        ("drift", "multivariate_drift", "pca_reconstruction_error", "cosine_distance"),
        _ONCE_OVER,
    ),
    "quality": (
        "Missing, mistyped, new, impossible and repeated values; gaps; changed fields.",
        (*quality.RATES, *feed.METRICS, "row_outlier_rate"),
        _ONCE_OVER,
    ),
    "performance": (
        "How right the model was, where labels came.",
        performance.METRICS,
        "it needs labels (`modeltap label`), and predictions (`modeltap doctor`)",
    ),
    "latency": (
        "How fast answers came, and how many failed.",
        operations.METRICS,
        "it goes by the hour where windows are of so many rows; `modeltap analyze --open` "
        "computes it before its time is over",
    ),
}
"""By command: what it shows, of which metrics, and what there being none waits for."""


def _feature_option(name: str) -> Callable[[Any], Any]:
    """Answers and times are of whole exchanges."""
    if name in ("performance", "latency"):
        return lambda command: command
    said = "Only this feature, with its distribution." if name == "drift" else "Only this feature."
    return click.option("--feature", default=None, help=said)


def _command(name: str) -> click.Command:
    words, metrics, awaited = _KINDS[name]

    @click.command(name, help=words)
    @store_option
    @model_option()
    @_feature_option(name)
    @click.option(
        "--last", type=click.IntRange(1), default=1, show_default=True, help="How many windows."
    )
    @json_option
    def command(
        store: str | None, model: str | None, last: int, as_json: bool, feature: str | None = None
    ) -> None:
        connection = read_store(store)
        check_model(connection, model)
        rows = _rows(connection, metrics, model, feature, last)
        empty = f"no {name} yet: {awaited}"
        emit(rows, _SHOWN, as_json=as_json, empty=empty)
        if feature is not None and name == "drift" and not as_json:
            _picture(connection, model, feature, rows)

    return command


def _rows(
    connection: sqlite3.Connection,
    metrics: Sequence[str],
    model: str | None,
    feature: str | None,
    last: int,
) -> list[dict[str, Any]]:
    """Return the metrics of each model's last windows: alerts first, then the strongest."""
    if feature is not None:
        found = connection.execute("select distinct feature from metrics where feature not null")
        known = [row[0] for row in found]
        if feature not in known:
            raise InputError(f"no feature {feature!r} in this store{nearest(feature, known)}")
    places = ", ".join("?" * len(metrics))
    rows = connection.execute(
        f"select {', '.join(COLUMNS)} from metrics m where metric in ({places}) "
        "and (? is null or model = ?) and (? is null or feature = ?) and window_start in "
        f"(select distinct window_start from metrics where metric in ({places}) and model = "
        "m.model and version = m.version order by window_start desc limit ?) "
        "order by model, version, window_start desc, verdict = 'alert' desc, "
        "ifnull(strength, 0) desc, feature, metric",
        (*metrics, model, model, feature, feature, *metrics, last),
    )
    return list(map(dict, rows))


def _picture(
    connection: sqlite3.Connection, model: str | None, feature: str, rows: list[dict[str, Any]]
) -> None:
    """Draw a feature's shares in the reference and in the latest window."""
    if not rows:
        return
    latest = rows[0]
    found = connection.execute(
        'select w.*, r.payload from windows w join "references" r on r.id = w.reference_id '
        "where w.model = ? and w.version = ? and w.window_start >= ? and w.window_start < ? "
        "and r.active and w.judged_start = ?",
        (
            latest["model"],
            latest["version"],
            latest["window_start"],
            latest["window_end"],
            latest["window_start"],
        ),
    ).fetchall()
    if not found or model not in (None, latest["model"]):
        return
    reference = Reference.from_json(found[0]["payload"])
    own = reference.by_name.get(feature)
    if own is None:
        return
    counts = total(map(dict, found)).counts[layout(reference)[feature]]
    click.echo(f"\n{feature}: reference and latest window")
    for part in distribution(own, counts):
        for mark, value in (("reference", part.reference), ("window", part.window)):
            label = part.label if mark == "reference" else ""
            bar = "█" * round(value * _BAR)
            click.echo(f"{label:>24}  {mark:9}  {share(value):>6}  {bar}")


drift, quality_, performance_, latency = map(_command, _KINDS)
