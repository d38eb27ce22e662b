"""Explanations of metrics, made once, for what alerts.

explain             explanations from the metrics' evidence, by these sentences:
sentence            what all of them share
covered_hours       hours of the week that the reference has no rows of
column_sentences    about one column
window_sentences    about a window's inputs together
finding_sentences   about findings
model_sentences     about requests and performance
held_back           why an effect is no alert
new_values          what one value that newly appears is called
examples            ids of exchanges that show it
histogram           a feature's distribution in the reference and in a window
"""
