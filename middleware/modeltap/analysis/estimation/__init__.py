"""Performance before all labels have arrived, from the labelled rows of the reference.

unlabelled        a window's scores and predicted classes, in the reference's form
outcomes          labelled rows as numbers, kept with the sample of a reference's rows
labelled_sample   that sample, as the input of learners
simulated_labels  performance under labels that are drawn from the calibration
weighted_calibration  the calibration of rows whose inputs moved
class_estimates   the same for several classes with the score of the predicted one
log_linear        a second opinion about errors, where the inputs go beyond the reference
error_model       errors expected of numbers, and of classes without scores
estimates         the estimated metrics of one window
estimator         the method that fits a model, for the windows of its reference
gap_spread  how far the truth was from estimates in earlier windows
corrected_estimates  estimates corrected by the labels that have arrived
repeated_looks       one false-alarm budget for repeated evaluations
"""
