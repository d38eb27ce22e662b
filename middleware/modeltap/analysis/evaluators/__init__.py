"""Evaluators of single outputs: fractions that pass, compared with the reference.

evaluated_outputs    rows of a batch in the form that evaluators receive
evaluator_values     the values of one evaluator, or the reason why there are none
pass_rates           counts of a window, and their comparison with those of the reference
pass_rate_learning   the counts of the reference, learnt from its rows
recent_outputs       all evaluators of a model, over its newest outputs
window_evaluators    all evaluators of a model, over the sampled rows of a window
"""
