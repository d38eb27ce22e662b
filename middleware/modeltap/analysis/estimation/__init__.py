"""Performance before all labels have arrived, from scores and what they meant in the reference.

unlabelled        a window's scores and predicted classes, in the reference's form
simulated_labels  performance under labels that are drawn from the calibration
estimates         the estimated metrics of one window
arrival_curve        the fraction of labels that arrive within an age
corrected_estimates  estimates corrected by the labels that have arrived
repeated_looks       one false-alarm budget for repeated evaluations
"""
