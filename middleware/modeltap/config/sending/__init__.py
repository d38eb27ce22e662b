"""Options of other systems that receive measurements.

- `otel_settings`: a receiver of OpenTelemetry
"""
