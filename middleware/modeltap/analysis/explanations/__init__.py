"""Explanations of metrics that alert: sentences, examples and histograms.

explain             add explanations to metrics, made of these sentences
sentence            dispatch from evidence to its sentence; shared clauses
covered_hours       hours of the week from which the reference has no rows
column_sentences    sentences about one column
window_sentences    sentences about all inputs of a window
finding_sentences   sentences about findings
model_sentences     sentences about requests and performance
fairness_sentences  sentences about gaps between groups
concept_sentences   sentences about errors and inputs together
held_back           reasons why an effect does not alert
new_values          descriptions of a value that newly appears
examples            ids of exchanges that show the change
histogram           a feature's distribution in the reference and in a window
"""
