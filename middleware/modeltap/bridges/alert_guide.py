"""The documentation of an alert for agents: what its rule means, and what to look at first."""

from __future__ import annotations

from typing import Any

from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.metrics import CATALOGUE
from modeltap.errors import InputError, nearest

_PAGES = "https://github.com/modeltap/modeltap/blob/main/docs"

FIRST_STEPS = {
    "data_drift": "Look at `drift`: which features moved, from what to what. Compare example "
    "exchanges. A new unit or an empty join is a fault; a changed world may need retraining.",
    "prediction_drift": "Look at `drift` of the inputs in the same window: if none moved, the "
    "model or its deployment changed. Look at `performance` if labels have arrived.",
    "label_drift": "The labels changed, not the inputs. Check the source of the labels first.",
    "concept_drift": "Errors grew although the inputs did not move. Retraining on recent rows is "
    "the expected answer; check the labels first.",
    "performance": "Look at `performance`, and at `drift` in the same window, which may go with "
    "it. Check label coverage: few labels may be a biased sample.",
    "data_quality": "Look at example exchanges: a client, a sensor or a join upstream changed.",
    "outliers": "Look at example exchanges: single unusual values are often unit errors.",
    "fairness": "Look at the sizes of the groups and at the rates behind the gap, in `metrics`.",
    "evaluators": "Look at example exchanges: outputs fail a check that the settings name.",
    "latency": "Look at `metrics` of latency and throughput: load, or a slower model.",
    "error_rate": "Look at exchanges with status `errors`: their error_type and error_message.",
    "no_traffic": "Check that the app runs and that its route is still recorded.",
    "no_labels": "Check the job that sends labels.",
    "capture_loss": "Exchanges were lost: a full queue, a full disk, or a process that died.",
    "analysis_failed": "The analysis of modeltap itself fails. People run `modeltap doctor`.",
    "delivery_failed": "A webhook does not accept messages. People run `modeltap webhook list`.",
    "not_monitored": "Bodies cannot be decoded, or settings match nothing. People run "
    "`modeltap doctor`, which gives reason and fix.",
    "custom": "A rule of the team's own; its metric and limit are in the alert.",
}
"""Advice about the first things to look at, by rule."""


def guide(name: str) -> dict[str, Any]:
    """Return the documentation of an alert rule or of a metric.

    Raises `InputError`, with the nearest name, for any other name.

    >>> guide("performance")["severity"], guide("mae")["better"]
    ('critical', 'lower')
    """
    if name in ALERT_RULES:
        rule = ALERT_RULES[name]
        return {
            "rule": name,
            "meaning": rule.subject,
            "severity": rule.severity,
            "windows_until_it_fires": rule.min_windows,
            "metrics": [entry.name for entry in CATALOGUE.values() if entry.rule == name],
            "look_first_at": FIRST_STEPS[name],
            "page": f"{_PAGES}/responding.md",
            "all_rules": f"{_PAGES}/reference/rules.md",
        }
    if name in CATALOGUE:
        entry = CATALOGUE[name]
        return {
            "metric": name,
            "meaning": entry.description,
            "unit": entry.unit,
            "better": entry.better,
            "rule": entry.rule,
            "page": f"{_PAGES}/reference/metrics.md",
        }
    hint = nearest(name, [*ALERT_RULES, *CATALOGUE])
    raise InputError(f"{name!r} is neither an alert rule nor a metric{hint}")
