"""Concept drift: errors that the inputs of a window do not explain.

page_test       a sum over windows that detects a small rise that lasts
excess          a window's error beyond the one that its inputs lead to expect
concept_drift   the metric of one window
onset           the row of a window from which errors are larger
window_concept  the same, from the metrics in the store
"""
