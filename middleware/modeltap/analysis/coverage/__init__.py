"""Monitoring coverage of each model: what is monitored, what is not, why, and the settings to fix
it.

coverage_report     the coverage of one model, and findings about the whole store
unmonitored         one finding, and its sentence
recent_rows         a model's newest exchanges, decoded with the current settings
missing_parts       exchanges without rows or predictions, rows without an event time
mapping_proposals   proposed paths of a body's rows and prediction
untested_columns    columns that no test compares
column_notes        columns of an unusual form, with the settings that declare them
masked_columns      columns that a mask blanks before a reference knows them
untested_metrics    performance metrics that cannot be computed
unjoined_labels     labels without a prediction
unmatched_settings  features, rules, mappings and models in the settings that match nothing
rules_without_metric  rules about metrics and columns that are not computed
not_monitored       hourly metrics of what exchanges lack, which may alert

`doctor`, `drift`, `status`, the digest and the rule `not_monitored` show the findings.
"""
