"""Statistics: pure functions of counts and samples, independent of SQLite and settings.

distances         distances between counts: PSI, KS, Jensen-Shannon, Wasserstein
hypothesis_tests  p-values for the difference of two sets of counts, and their combination
gains             the bin that gained most, as with a new default or a cap
words             distances and tests for the words of texts
quantiles         quantiles and bounds from binned counts
rates             confidence intervals of rates, and a test for growth
day_types         groups of similar days of the week
means             a test for the growth of a mean
confusion         confusion matrices: accuracy, macro F1, kappa
scores            scores of two classes: ROC AUC, Brier score, log loss
matrix            a sample as a matrix of numbers on one scale
classifier        a domain classifier of two samples
components        principal components and reconstruction errors
"""
