"""Statistics: pure functions of counts and samples, which know neither SQLite nor settings.

distances         PSI, KS, Jensen-Shannon, Wasserstein
hypothesis_tests  p-values of two sets of counts, and their combination
gains             the bin that gained most, as a default or a cap makes it
words             the same for the words of texts
quantiles         quantiles and bounds read off bins
rates             rates, their intervals, a test that one has grown
day_types         which days of the week are alike
means             a test that a mean has grown
confusion         predicted classes by true ones: macro F1, agreement
scores            scores against two classes: ROC area, Brier score, log loss
matrix            a sample as numbers of a like scale
classifier        whether two samples can be told apart
components        principal components and reconstruction errors
"""
