"""Summaries: facts of the store, arranged for the terminal, the dashboard and reports.

- `model_health`: each model in one sentence
- `period`: the time that is shown
- `drift_map`: the drift of features by windows
- `metric_charts`: performance, latency and errors over time
- `event_marks`: alerts and references on the time axis
- `metric_family`, `exported_metrics`: the facts for Prometheus and OpenTelemetry
- `feature_summary`: one feature: its drift, and its distribution in a window
"""
