"""Verdicts about counted windows: one analysis pass, window by window.

analyze           one pass: count, freeze references, evaluate windows
scope             the windows that a pass evaluates
learning_pass     learning of a reference, from the first rows until it is frozen
learning_windows  windows during learning, in which some metrics may already alert
input_windows     inputs: drift, data quality, multivariate drift
window_samples    samples of a window and its reference, decoded on first access
labelled_windows  performance of windows with labels
traffic_windows   latency, errors and throughput in wall-clock windows
traffic_baseline  the normal error rate and latency
urgency           alerts that fire without a second window
capture_loss      exchanges that were not recorded
rejected_times    impossible event times
results           the result of one window, and its transaction
"""
