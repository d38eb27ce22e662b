"""Slices: groups of rows, given by a few conditions, in which the model is worse than elsewhere.

slice_conditions  the conditions of a slice, as text
slice_columns     columns in bins, with the condition of each range of bins
slice_search      the search for the worst slices in one half of the rows
held_out          the test of a slice on the other half
error_rows        stored rows with their errors and columns
worst_slices      the worst slices of some rows
recent_slices     the worst slices of a model's recent labelled rows
window_slices     the worst slices of a window
"""
