"""Counting of rows into windows.

counter      new exchanges into windows, once each
window_starts  where windows of time start and end
row_windows  windows of so many rows
strays       days whose rows cannot have their event time
true_times   rows without the times that cannot be theirs
columns      a batch's columns as values of a reference's features
derived      measures of texts, vectors and times
bins         one column's values in one feature's bins
tally        counts of a window's rows, which add
row_sketch   a sample of row hashes, from which duplicates are estimated
sample       a sample of coded rows
traffic      requests, errors and latencies of a window
"""
