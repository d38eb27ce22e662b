"""Bridges to the tools that people already use. They read the store, never the app.

- `grafana_panels`, `grafana_dashboard`: a Grafana dashboard of the page for Prometheus
- `agent_server`, `agent_answers`, `bounded_answer`, `alert_guide`: answers to agents by MCP
- `run_logging`, `mlflow_run`, `mlflow_entries`, `mlflow_report`: metrics and alerts in MLflow
- `otel_messages`, `otel_push`: metrics and alerts to a receiver of OpenTelemetry
"""
