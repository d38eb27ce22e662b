"""Counting of rows into windows.

counter      count new exchanges into windows, once each
kept_batches  batches that a pass needs again
window_starts  starts and ends of time windows
row_windows  windows of a fixed number of rows
strays       days whose rows cannot have their event time
true_times   removal of event times that cannot be true
columns      a batch's columns as values of a reference's features
derived      measures of texts, vectors and times
bins         counts of one column in one feature's bins
tally        additive counts of a window's rows
row_sketch   a sample of row hashes that estimates the duplicate rate
sample       a sample of coded rows
traffic      requests, errors and latencies of a window
"""
