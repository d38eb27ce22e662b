"""Performance estimated before labels arrive, from scores and what they meant in the reference.

unlabelled        a window's scores and predicted classes, in the reference's form
simulated_labels  performance under labels that are drawn from the calibration
estimates         the estimated metrics of one window
label_arrival     the fractions of its labels that came within an hour, a day and a week
"""
