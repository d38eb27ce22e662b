"""Explanations of metrics, made once, for what alerts.

explain    a sentence from a metric's evidence
new_values what one value that newly appears is called
examples   ids of exchanges that show it
histogram  a feature's distribution in the reference and in a window
"""
