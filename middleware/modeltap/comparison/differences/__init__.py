"""Differences of two models, as functions of their outputs and labels.

confidence_sequence     intervals that hold at all looks together
influence               the metrics of labelled rows, with the influence of each row
comparison_result       the result: a row for each metric and segment, and the verdict
metric_differences      differences of metrics, on the same rows or on different ones
prediction_differences  differences that need no labels
"""
