"""Bridges to the tools that people already use. They read the store, never the app.

- `grafana_panels`, `grafana_dashboard`: a Grafana dashboard of the page for Prometheus
- `otel_messages`, `otel_push`: metrics and alerts to a receiver of OpenTelemetry
"""
