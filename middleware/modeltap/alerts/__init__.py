"""Alerts: from the metrics of a window to the state of each incident.

rules        alert rules for metrics
conditions   evaluation of a window by a rule
subject      earlier windows and alerts of the same subject
causes       metrics that explain the alerts of other metrics
lifecycle    the state machine of alerts
changes      writes of changed alerts and their history
transitions  changes that receivers are notified of
absence      alerts about missing requests, labels, analyses and deliveries
silence      silences and acknowledgements
acceptance   acceptance of drift as the new normal
reminders    repeated messages about firing alerts
"""
