"""Explanations of metrics, made once, for what alerts.

explain             explanations from the metrics' evidence, by these sentences:
sentence            what all of them share
covered_hours       hours of the week that the reference has no rows of
column_sentences    about one column
window_sentences    about a window's inputs together
model_sentences     about requests and performance
new_values          what one value that newly appears is called
findings            one cause of several metrics, by these:
renamed_categories  a word that nearly no row has, and a new one with its share
swapped_columns     two columns that have each other's values
changed_values      another unit, another sign, rounding
examples            ids of exchanges that show it
histogram           a feature's distribution in the reference and in a window
"""
