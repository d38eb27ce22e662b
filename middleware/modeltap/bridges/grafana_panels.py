"""The panels of the Grafana dashboard: titles, queries and units."""

from __future__ import annotations

from typing import Literal, NamedTuple

SELECTED = 'model=~"$model",environment=~"$environment"'
"""The condition of the dashboard's variables."""

_ALL_ROWS = f'{SELECTED},segment=""'

_VERSION = "{{model}} {{version}}"

_PERFORMANCE = (
    "accuracy_ratio|balanced_accuracy_ratio|f1_macro|precision_macro_ratio|recall_macro_ratio"
    "|roc_auc|brier|log_loss"
)
_ERRORS = "mae|rmse|bias|median_absolute_error"
_GAPS = (
    "demographic_parity_difference_ratio|equalized_odds_difference_ratio"
    "|equal_opportunity_difference_ratio|mae_difference"
)


class PanelQuery(NamedTuple):
    """A query in PromQL and the legend of its series."""

    expression: str
    legend: str = _VERSION


class GrafanaPanel(NamedTuple):
    """A panel of the dashboard.

    Attributes:
        width: of 24 columns.
        unit: as Grafana names it: percentunit, s, bytes, short.
    """

    title: str
    description: str
    queries: tuple[PanelQuery, ...]
    unit: str = "short"
    kind: Literal["timeseries", "stat", "table"] = "timeseries"
    width: int = 8


class PanelRow(NamedTuple):
    """A row of panels below a heading."""

    title: str
    panels: tuple[GrafanaPanel, ...]


def _named(pattern: str, condition: str = _ALL_ROWS) -> str:
    """Return a selector of several families, whose names come from a pattern."""
    return f'{{__name__=~"modeltap_({pattern})",{condition}}}'


PANEL_ROWS = (
    PanelRow(
        "Now",
        (
            GrafanaPanel(
                "Firing alerts",
                "Alerts that are firing, by severity; none is 0.",
                (
                    PanelQuery(
                        f"sum by (severity) (modeltap_alerts_firing{{{SELECTED}}})", "{{severity}}"
                    ),
                    PanelQuery(f"sum(modeltap_alerts_firing{{{SELECTED}}}) or vector(0)", "all"),
                ),
                kind="stat",
                width=6,
            ),
            GrafanaPanel(
                "Since the last window",
                "Time since the end of the last evaluated window.",
                (PanelQuery(f"time() - modeltap_last_window_end_timestamp_seconds{{{SELECTED}}}"),),
                unit="s",
                kind="stat",
                width=6,
            ),
            GrafanaPanel(
                "Since the last label",
                "Time since the arrival of the last label.",
                (PanelQuery(f"time() - modeltap_last_label_timestamp_seconds{{{SELECTED}}}"),),
                unit="s",
                kind="stat",
                width=6,
            ),
            GrafanaPanel(
                "Dropped exchanges",
                "Exchanges that capture lost, in the shown period.",
                (
                    PanelQuery(
                        "sum(increase(modeltap_dropped_total[$__range])) or vector(0)", "lost"
                    ),
                ),
                kind="stat",
                width=6,
            ),
            GrafanaPanel(
                "Alerts by rule",
                "Which rules fire, for which models and versions.",
                (
                    PanelQuery(
                        "sum by (model, version, environment, rule, severity) "
                        f"(modeltap_alerts_firing{{{SELECTED}}})",
                        "{{rule}}",
                    ),
                ),
                kind="table",
                width=24,
            ),
        ),
    ),
    PanelRow(
        "Traffic",
        (
            GrafanaPanel(
                "Requests per second",
                "Of the last evaluated window.",
                (PanelQuery(f"modeltap_throughput_per_second{{{_ALL_ROWS}}}"),),
                unit="reqps",
            ),
            GrafanaPanel(
                "Failed requests",
                "Fraction of requests with a status of 500 or above, or an exception.",
                (PanelQuery(f"modeltap_error_rate_ratio{{{_ALL_ROWS}}}"),),
                unit="percentunit",
            ),
            GrafanaPanel(
                "Response time",
                "Median, 95 % and 99 % of the last evaluated window.",
                tuple(
                    PanelQuery(
                        f"modeltap_latency_{quantile}_seconds{{{_ALL_ROWS}}}",
                        f"{quantile} {_VERSION}",
                    )
                    for quantile in ("p50", "p95", "p99")
                ),
                unit="s",
            ),
        ),
    ),
    PanelRow(
        "Inputs",
        (
            GrafanaPanel(
                "Drift of features",
                "The ten features that drifted most: Jensen-Shannon distance, 0 to 1.",
                (
                    PanelQuery(
                        "topk(10, max by (model, version, feature) "
                        f'(modeltap_drift{{{_ALL_ROWS},feature!=""}}))',
                        "{{feature}} ({{model}} {{version}})",
                    ),
                ),
            ),
            GrafanaPanel(
                "Missing values",
                "The ten features with the most missing values.",
                (
                    PanelQuery(
                        "topk(10, max by (model, version, feature) "
                        f"(modeltap_missing_rate_ratio{{{_ALL_ROWS}}}))",
                        "{{feature}} ({{model}} {{version}})",
                    ),
                ),
                unit="percentunit",
            ),
            GrafanaPanel(
                "Invalid and new values",
                "Categories that the reference does not have, values out of range or of the "
                "wrong type, by feature: the ten highest.",
                (
                    PanelQuery(
                        "topk(10, "
                        + _named(
                            "unseen_rate_ratio|out_of_range_rate_ratio|type_mismatch_rate_ratio"
                        )
                        + ")",
                        "{{feature}} {{__name__}}",
                    ),
                ),
                unit="percentunit",
            ),
        ),
    ),
    PanelRow(
        "Performance",
        (
            GrafanaPanel(
                "Performance on labels",
                "Metrics of classification on labelled rows.",
                (PanelQuery(_named(_PERFORMANCE), f"{{{{__name__}}}} {_VERSION}"),),
            ),
            GrafanaPanel(
                "Errors on labels",
                "Metrics of regression on labelled rows, in the label's unit.",
                (PanelQuery(_named(_ERRORS), f"{{{{__name__}}}} {_VERSION}"),),
            ),
            GrafanaPanel(
                "Estimates without labels",
                "Performance as it is estimated before labels arrive.",
                (PanelQuery(_named("estimated_.+"), f"{{{{__name__}}}} {_VERSION}"),),
            ),
            GrafanaPanel(
                "Label coverage",
                "Fraction of rows of the window that have a label.",
                (PanelQuery(f"modeltap_label_coverage_ratio{{{_ALL_ROWS}}}"),),
                unit="percentunit",
            ),
            GrafanaPanel(
                "Gaps between groups",
                "Fairness metrics of the groups that the settings name.",
                (PanelQuery(_named(_GAPS, SELECTED), "{{segment}} {{__name__}}"),),
            ),
            GrafanaPanel(
                "Evaluators",
                "Fraction of outputs that pass each evaluator.",
                (
                    PanelQuery(
                        f"modeltap_evaluator_pass_rate_ratio{{{SELECTED}}}", "{{segment}} {{model}}"
                    ),
                ),
                unit="percentunit",
            ),
        ),
    ),
    PanelRow(
        "Modeltap itself",
        (
            GrafanaPanel(
                "Captured and dropped",
                "Exchanges per second that were written, and that were lost, by reason.",
                (
                    PanelQuery("rate(modeltap_captured_total[$__rate_interval])", "captured"),
                    PanelQuery(
                        "sum by (reason) (rate(modeltap_dropped_total[$__rate_interval]))",
                        "dropped: {{reason}}",
                    ),
                ),
                unit="reqps",
            ),
            GrafanaPanel(
                "Waiting",
                "Exchanges that no analysis has read, and messages to webhooks by state.",
                (
                    PanelQuery("modeltap_waiting_exchanges", "exchanges"),
                    PanelQuery("modeltap_messages", "messages: {{state}}"),
                ),
            ),
            GrafanaPanel(
                "Store",
                "Size of the SQLite file's data.",
                (PanelQuery("modeltap_store_size_bytes", "store"),),
                unit="bytes",
            ),
        ),
    ),
)
"""Every panel, from top to bottom."""
