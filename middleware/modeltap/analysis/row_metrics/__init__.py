"""Metrics that are the mean of a value of each labelled row.

labelled_documents  labelled rows of a window with their inputs, as functions receive them
own_functions       a user's function of a row, and what goes wrong in it
own_metrics         the metrics of the settings and of plugins, with their targets
quantile_loss       the loss of predicted quantiles, and the labels between them
"""
