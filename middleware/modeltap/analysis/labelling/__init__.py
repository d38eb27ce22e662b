"""Windows with labels: which are due, which are evaluated together, and how good the model was.

new_label_windows   the windows that new labels belong to
window_bounds       the first row of a window, and the row after its last
window_group        windows with too few labels, which are evaluated together
label_histories     the progress of a window's labels
window_performance  performance of the model, or of each output
corrected_window    estimates of a window of which part of the labels have arrived
"""
