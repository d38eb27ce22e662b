"""Explanations of metrics, made once, for what alerts.

explain    a sentence from a metric's evidence
examples   ids of exchanges that show it
histogram  a feature's distribution in the reference and in a window
"""
