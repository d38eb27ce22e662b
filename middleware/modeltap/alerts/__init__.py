"""From metrics to the state of each incident.

In reading order: `rules` says which rules watch a metric; `conditions` evaluates one window by a
rule; `subject` reads the windows and alerts before it; `causes` tells which metric explains
another; `lifecycle` decides when an alert fires and when it is resolved; `changes` writes that
down; `transitions` are the changes that receivers are notified of. Beside the windows of data,
`absence` watches for missing traffic, labels, analyses and deliveries; `silence` and `reminders`
say when an alert is reported.
"""
