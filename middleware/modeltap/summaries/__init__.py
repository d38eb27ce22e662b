"""Summaries: facts of the store, arranged for the terminal, the dashboard and reports.

- `model_health`, `health_row`: each model in one sentence, and as a row
- `period`: the time that is shown
- `drift_map`: the drift of features by windows
- `event_marks`: alerts, versions, deployments and references on the time axis
- `metric_charts`: latency and errors over time
- `performance_charts`: truth and estimates over time, and the arrival of labels
- `group_charts`: gaps between groups over time, and the rates of groups
- `metric_family`, `exported_metrics`: the facts for Prometheus and OpenTelemetry
- `feature_summary`: one feature: its drift, and its distribution in a window
- `model_charts`: all charts of a model in a period, and their last values
- `alert_chart`: the chart that caused an alert
- `exchanges`: one exchange in full, with its conversation and its session
"""
