"""Performance: predictions against labels, in any form of either.

labelled        the input of an evaluation: a window's labelled rows
class_names     one name for each class in both sides' spelling
positive_class  the class that scores are the probability of
paired          predictions and labels in one form: classes, scores or numbers
class_scores    scores that accompany predicted classes
classification  accuracy and macro F1
class_metrics   precision, recall and F1 of each class, and their means
set_metrics     micro averages of sets of labels
scoring         ROC area, Brier score and log loss
calibration_error  the calibration curve of scores, and their error
regression      mean absolute error
error_metrics   metrics that describe the errors of numbers
evaluation      the metrics of one window
"""
