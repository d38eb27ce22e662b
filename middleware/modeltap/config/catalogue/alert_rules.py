"""The alert rules."""

from __future__ import annotations

import msgspec


class AlertRule(msgspec.Struct, frozen=True):
    """An alert rule: its default severity, and its subject as shown in messages.

    Args:
        min_windows: the number of consecutive windows that must alert.
        waits: whether the rule is about missing traffic or labels.
        needs_condition: whether it fires only on a configured threshold, never on a verdict.
        large: an effect of less than this multiple of its floor is a warning, regardless of the
            severity.
    """

    name: str
    severity: str
    subject: str
    min_windows: int = 2
    waits: bool = False
    needs_condition: bool = False
    large: float = 0.0


_LARGE_LOSS = 2.0
"""Multiple of the effect's floor at which a loss of performance is critical.

The same multiple needs no second window. It is four points of accuracy, a fifth of the mean
error, or a tenth of macro F1, beyond the normal variation. A smaller loss can wait until the
morning, so it is a warning.
"""


ALERT_RULES = {
    rule.name: rule
    for rule in (
        AlertRule("data_drift", "warning", "inputs drifted"),
        AlertRule("prediction_drift", "warning", "the predictions drifted"),
        AlertRule("label_drift", "warning", "the labels drifted", needs_condition=True),
        AlertRule("concept_drift", "critical", "concept drift", large=_LARGE_LOSS),
        AlertRule("performance", "critical", "performance degraded", large=_LARGE_LOSS),
        AlertRule("data_quality", "warning", "data quality"),
        AlertRule("outliers", "warning", "unusual values"),
        AlertRule("fairness", "warning", "groups are treated differently"),
        AlertRule("evaluators", "warning", "outputs fail their evaluators"),
        AlertRule("latency", "warning", "slow responses"),
        AlertRule("error_rate", "critical", "failing requests"),
        AlertRule("no_traffic", "critical", "no requests", min_windows=1, waits=True),
        AlertRule("no_labels", "warning", "no labels", min_windows=1, waits=True),
        AlertRule("capture_loss", "warning", "exchanges were not recorded"),
        AlertRule("analysis_failed", "critical", "analysis failed", min_windows=1),
        AlertRule("delivery_failed", "warning", "messages were not delivered", min_windows=1),
        AlertRule("not_monitored", "warning", "not fully monitored", min_windows=1),
        AlertRule("custom", "warning", "a custom rule matched", needs_condition=True),
    )
}
"""All rules by name; docs/reference/rules.md describes when each fires."""
