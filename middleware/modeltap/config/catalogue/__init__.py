"""The catalogue of metrics and alert rules, by domain; `config.metrics` puts it together.

catalogue_entry    one metric: its unit, its direction, its rule and its report
alert_rules        the alert rules
drift_entries      drift of features and outputs
quality_entries    quality of the data
class_entries      performance of predicted classes
score_entries      performance of scores for two classes
number_entries     performance of predicted numbers
estimate_entries   performance that is estimated before labels arrive
label_entries      arrival of labels
loss_entries       parts of a loss of performance
fairness_entries   rates by group, and the gaps between groups
operation_entries  response times, failed requests, missing data, modeltap itself
metric_settings    metrics of the user's own, by model
"""
