"""From metrics to the state of each incident.

rules        the rules that watch a metric
conditions   one window, evaluated by a rule
subject      the windows and alerts before it, read from the store
causes       which metric explains another one's alert
lifecycle    when an alert is pending, fires, is resolved or becomes unknown
changes      these changes, written to the store
transitions  the changes that receivers are notified of
absence      alerts about missing requests, labels, analyses and deliveries
silence      silences and acknowledgements
acceptance   the end of incidents that show a new normal
reminders    alerts that are reported again
"""
