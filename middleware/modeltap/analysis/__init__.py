"""Analysis of captured rows: counts, references, metrics, verdicts and explanations.

Packages, each of which imports only those before it:

    model         features, references, metrics: the values everything else passes on
    counting      rows into counts, and counts into windows
    statistics    distances, tests and classifiers; pure functions of counts and samples
    learners      models fitted to samples of rows: forests, a logistic regression
    detectors     one a file: a context in, metrics with their evidence out
    estimation    performance before labels arrive, from scores
    performance   predictions against labels, in whatever form either is written
    evaluators    checks of single outputs, and the fractions that pass
    costs         what the tokens of language models cost
    findings      several metrics of one cause
    explanations  sentences, examples and pictures of what a detector found
    references    references fitted, frozen, rolled on and compared
    relearning    columns that were not testable when a reference was learnt
    coverage      what of a model is monitored and what is not
    verdicts      passes over the store, which compose the others
"""
