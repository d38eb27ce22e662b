"""Performance: predictions against labels, in whatever form either is written.

labelled        what an evaluation may know of a window's labelled rows
class_names     one name for each class, however a side writes it
positive_class  which class scores are the probability of
paired          predictions and labels in one form: classes, scores or numbers
beside_classes  scores that come beside predicted classes
classification  accuracy and macro F1
scoring         ROC area, Brier score and log loss
regression      mean absolute error and its companions
evaluation      the metrics of one window
"""
