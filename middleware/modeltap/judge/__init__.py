"""A language model that rates outputs by a rubric, and how far people agree with it.

judge_questions    the messages about one output, and an upper bound of their tokens
judge_replies      a response's choice, or the reason why it has none
judge_client       one call of the endpoint, bounded in time and size
judge_calls        calls of many questions: concurrency, retries, the budget, when to stop
judged_outputs     the outputs to rate: those that people labelled, and samples
agreement          Cohen's kappa, and the effect of the order of the choices
corrected_rates    a rate that is corrected by the judge's sensitivity and specificity
judge_calibration  answers next to the labels of people
judge_metrics      the metrics of the outputs of a window
judge_windows      the windows that are rated in a pass, and the newest outputs
output_evaluation  the evaluators and the judge of models, over their newest outputs
"""
