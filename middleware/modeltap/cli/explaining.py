"""The `explain` command: the evidence of an alert, and what goes with a loss of performance."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import click

from modeltap import clock
from modeltap.alerts.silence import find_alert
from modeltap.analysis.attribution.loss_change import LossPart
from modeltap.analysis.attribution.lost_performance import (
    CHANGES,
    OF_INPUTS,
    OF_RELATION,
    changed_of,
)
from modeltap.cli.common import json_option, read_store, store_option
from modeltap.environments import environment_of, reported
from modeltap.output import cell, echo, emit, emit_json
from modeltap.store.alerts import alert_with_id
from modeltap.store.metrics import metrics_of_window
from modeltap.store.versions import ServedVersion, versions_begun
from modeltap.wording import percent

_EVIDENCE = (
    "metric",
    "feature",
    "segment",
    "rows",
    "value",
    "low",
    "high",
    "threshold",
    "p_value",
    "verdict",
    "explanation",
)
_OF_LOSS = ("performance", "concept_drift")
"""The rules about a loss of performance."""

_CHANGE_SECONDS = 7 * 86_400.0
"""A change of version a week before an alert may be its cause: windows may have days."""

_TOGETHER = "inputs that changed together"
"""The part of all inputs beyond those of single features: their dependence has changed."""

_NOT_OF_A_FEATURE = {"feature": None, "low": None, "high": None}

_PARTS = ("goes_with", "loss", "low", "high", "fraction", "drift", "drift_verdict")


@click.command()
@store_option
@click.option(
    "--alert", "beginning", required=True, metavar="ID", help="The alert's id, or its beginning."
)
@json_option
def explain(store: str | None, beginning: str, as_json: bool) -> None:
    """Show the evidence of an alert, and what goes with a loss.

    \b
    Example:
      modeltap explain --alert 0192f3c1
    """
    connection = read_store(store)
    alert = dict(alert_with_id(connection, find_alert(connection, beginning)["id"]) or {})
    rows = _rows_of(connection, alert)
    evidence = [row for row in rows if _is_evidence(row, alert)]
    loss = _loss(rows) if alert["rule"] in _OF_LOSS else None
    changes = _version_changes(connection, alert)
    if as_json:
        begun = {own.version: own.first_at for own in changes}
        about = {"alert": reported(alert), "evidence": evidence, "loss": loss}
        emit_json({**about, "versions_begun": begun})
        return
    _print(alert, evidence, loss, changes)


def _rows_of(connection: sqlite3.Connection, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of the alert's latest window, which may have fewer evaluations than its
    first one."""
    starts = dict.fromkeys([alert["last_window_start"], alert["window_start"]])
    rows: list[dict[str, Any]] = []
    for start in starts:
        place = alert["model"], alert["version"], alert["window"] or "", start or ""
        rows = metrics_of_window(connection, *place)
        if any(_is_subject(row, alert) for row in rows):
            break
    return rows


def _version_changes(
    connection: sqlite3.Connection, alert: Mapping[str, Any]
) -> list[ServedVersion]:
    """Return the versions that began in the week before the end of the alert's first window."""
    end, environment = alert["window_end"], environment_of(alert["version"]) or ""
    moment = clock.parse(alert["window_start"])
    if moment is None or not alert["model"]:
        return []
    start = clock.iso(moment - _CHANGE_SECONDS)
    return versions_begun(connection, alert["model"], environment, start, end)


def _is_subject(row: Mapping[str, Any], alert: Mapping[str, Any]) -> bool:
    return all(row[name] == alert[name] for name in ("metric", "feature", "segment"))


def _is_evidence(row: Mapping[str, Any], alert: Mapping[str, Any]) -> bool:
    """Return whether a row is about the alert's column, or an alert about the whole model."""
    if row["metric"] in (OF_INPUTS, OF_RELATION) or row["segment"] != alert["segment"]:
        return False
    if alert["feature"] is not None:
        return bool(row["feature"] == alert["feature"])
    return _is_subject(row, alert) or row["verdict"] == "alert"


def _loss(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the parts of a loss of performance; None if it was not attributed."""
    relation = next((row for row in rows if row["metric"] == OF_RELATION), None)
    if relation is None:
        return None
    inputs = [row for row in rows if row["metric"] == OF_INPUTS]
    whole = next((row for row in inputs if row["feature"] is None), None)
    if whole is None or relation["value"] is None:
        return {"changed": "unknown", "reason": relation["explanation"], "parts": []}
    total = whole["value"] + relation["value"]
    drift = {row["feature"]: row for row in rows if row["metric"] == "drift"}
    own = sorted((row for row in inputs if row["feature"]), key=lambda row: -row["value"])
    parts = [_part_of(row, f"drift of {row['feature']}", total, drift) for row in own]
    if own and total > 0:
        together = whole["value"] - sum(row["value"] for row in own)
        parts.append(_part_of({**_NOT_OF_A_FEATURE, "value": together}, _TOGETHER, total, drift))
    rest = [
        _part_of(whole, "all changes of the inputs", total, drift),
        _part_of(relation, "changed relation of inputs and labels", total, drift),
    ]
    changed = changed_of(_interval(whole), _interval(relation))
    return {"changed": changed, "reason": None, "parts": [*parts, *rest]}


def _part_of(
    row: Mapping[str, Any], name: str, total: float, drift: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    moved = drift.get(row["feature"] or "", {})
    return {
        "goes_with": name,
        "feature": row["feature"],
        "loss": row["value"],
        "low": row["low"],
        "high": row["high"],
        "fraction": row["value"] / total if total > 0 else None,
        "drift": moved.get("value"),
        "drift_verdict": moved.get("verdict"),
    }


def _interval(row: Mapping[str, Any]) -> LossPart:
    return LossPart(row["value"], row["low"], row["high"])


def _print(
    alert: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    loss: dict[str, Any] | None,
    changes: Sequence[ServedVersion],
) -> None:
    echo(
        alert["summary"],
        f"{alert['severity']} alert of the rule {alert['rule']}, {alert['state']}, "
        f"since {cell(alert['started_at'])}; latest window {cell(alert['last_window_start'])}",
        "",
    )
    for own in changes:
        echo(f"version {own.version!r} is served since {cell(own.first_at)}", "")
    if loss is not None and loss["reason"]:
        echo(loss["reason"], "")
    elif loss is not None:
        echo(f"{CHANGES[loss['changed']]}:")
        shown = [
            {**part, "fraction": "" if part["fraction"] is None else percent(part["fraction"])}
            for part in loss["parts"]
        ]
        emit(shown, _PARTS, as_json=False, empty="")
        echo("")
    emit(evidence, _EVIDENCE, as_json=False, empty="the metrics of this window are not stored")
    examples = json.loads(alert["examples"] or "[]")
    if examples:
        echo("", *(f"modeltap show {example}" for example in examples))
