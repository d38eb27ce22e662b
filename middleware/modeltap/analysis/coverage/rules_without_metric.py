"""Rules that can never fire, because their metric or column is not computed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modeltap.analysis.coverage.unmonitored import Unmonitored
from modeltap.analysis.coverage.untested_columns import untested_columns
from modeltap.analysis.model.metric import NOT_ENOUGH_ROWS
from modeltap.analysis.model.reference import Reference
from modeltap.config.metrics import is_output, reported_by
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.settings import Settings
from modeltap.environments import environment_of, with_environment
from modeltap.store.metrics import latest_metrics
from modeltap.store.models import ModelVersion

_WINDOWS = 5
"""Labelled windows that are checked: some metrics need the rows of several."""


def rules_without_metric(
    connection: sqlite3.Connection,
    of: ModelVersion,
    settings: Settings,
    references: Sequence[Reference],
) -> Iterator[Unmonitored]:
    """Yield the rules whose performance metric or whose column is never computed.

    Labels and predictions may not allow the metric, and no test may compare the column. Before
    there are labelled windows, or a reference, this is unknown.

    Args:
        of: the model, and its environment as an analysed version.
        references: those of the model in this environment.
    """
    rules = [rule for rule in settings.rules if rule.enabled and rule.is_of(of.model, of.version)]
    metrics = reported_by("performance")
    if any(rule.metric in metrics for rule in rules):
        labelled = _labelled(connection, of)
        for rule in rules:
            if rule.metric in metrics and labelled:
                yield from _not_computed(of.model, rule, labelled)
    frozen = [reference for reference in references if reference.state == "active"]
    for rule in rules:
        if rule.feature is not None and _is_of_drift(rule):
            yield from _not_tested(of.model, rule, settings, frozen)


def _labelled(connection: sqlite3.Connection, of: ModelVersion) -> list[dict[str, Any]]:
    """Return the metrics of the last labelled windows, with versions as they are analysed."""
    names = reported_by("performance")
    rows = [
        row
        for grouped in (False, True)
        for row in latest_metrics(
            connection, names, model=of.model, feature=None, last=_WINDOWS, grouped=grouped
        )
    ]
    environment = environment_of(of.version)
    return [
        {**row, "version": with_environment(row["version"], environment)}
        for row in rows
        if row["environment"] == environment
    ]


def _not_computed(
    model: str, rule: RuleSettings, labelled: Sequence[Mapping[str, Any]]
) -> Iterator[Unmonitored]:
    own = [row for row in labelled if rule.is_about(row)]
    if any(row["value"] is not None or row["verdict"] == NOT_ENOUGH_ROWS for row in own):
        return
    reasons = [row["explanation"] for row in own if row["explanation"]]
    known = sorted({row["metric"] for row in labelled if row["value"] is not None})
    segment = "" if rule.segment is None else f" and segment = {rule.segment}"
    there = f"; available: {', '.join(known)}" if known else ""
    yield Unmonitored(
        check="settings",
        model=model,
        level="problem",
        subject=f"the rule with metric = {rule.metric}{segment}",
        reason=reasons[0] if reasons else f"no labelled window has this metric{there}",
        fix="use a metric that is computed, or remove the rule",
    )


def _is_of_drift(rule: RuleSettings) -> bool:
    return rule.metric == "drift" or (rule.metric is None and rule.rule == "data_drift")


def _not_tested(
    model: str, rule: RuleSettings, settings: Settings, references: Sequence[Reference]
) -> Iterator[Unmonitored]:
    about = RuleSettings(rule=rule.rule, feature=rule.feature)
    fitting = {
        feature.name
        for reference in references
        for feature in reference.features
        if about.is_about({"feature": feature.name}) and not is_output(feature.name)
    }
    untested = {
        str(finding.subject): finding
        for reference in references
        for finding in untested_columns(reference, settings, {})
        if not finding.is_tested
    }
    if not fitting or fitting - untested.keys():
        return
    first = untested[min(fitting)]
    yield Unmonitored(
        check="settings",
        model=model,
        level="problem",
        subject=f"the rule with feature = {rule.feature}",
        reason=f"{first.subject} is not tested: {first.reason}",
        fix=first.fix or "remove the rule",
    )
