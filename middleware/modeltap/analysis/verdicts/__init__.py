"""From counted windows to verdicts: one pass, window by window.

analyze           one pass: count, freeze references, evaluate windows
scope             which windows a pass evaluates
learning_pass     learning of a reference, from the first rows until it is frozen
learning_windows  windows meanwhile, in which some metrics may alert already
input_windows     inputs: drift, quality, rows compared as wholes
window_samples    rows of a window and its reference, decoded when they are read
labelled_windows  performance, where labels came
traffic_windows   latency, errors and throughput by the wall clock
traffic_baseline     the usual error rate and latency
urgency           which alerts need no second window
capture_loss      exchanges that were not recorded
rejected_times    event times that cannot be true
results           the result of one window, and writing it into the store
"""
