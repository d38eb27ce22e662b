"""Statistics: pure functions of counts and samples, which know neither SQLite nor settings.

distances         PSI, KS, Jensen-Shannon, Wasserstein
hypothesis_tests  p-values of two sets of counts, and their combination
words             the same for the words of texts
quantiles         quantiles and bounds read off bins
rates             rates, their intervals, a test that one has grown
matrix            a sample as numbers of a like scale
classifier        whether two samples can be told apart
components        principal components and reconstruction errors
"""
