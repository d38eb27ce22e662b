"""What of each model is monitored, and what is not: counts, reasons, settings that fix it.

coverage_report     everything of one model, and what concerns the whole store
unmonitored         one finding, and its sentence
recent_rows         a model's newest exchanges, decoded by the settings of now
missing_parts       exchanges without rows or predictions, rows without an event time
mapping_proposals   where a body's rows and prediction may be
untested_columns    columns that no test compares
column_notes        columns of an unusual form, with the settings that declare them
masked_columns      columns that a mask blanks, before a reference knows them
untested_metrics    metrics of performance that cannot be computed
unjoined_labels     labels that join no prediction
unmatched_settings  features, rules, mappings and models in the settings that fit nothing
rules_without_metric  rules about metrics and columns that are not computed
not_monitored       the metrics of an hour that lacked something, which may alert

`doctor`, `drift`, `status`, the digest and the rule `not_monitored` show it, and compute nothing.
"""
