"""Evaluation of outputs: the settings, and the entries of the catalogue.

evaluator_settings  checks of single outputs, by model
judge_settings      a language model that rates outputs
price_settings      the prices of tokens
evaluator_entries   metrics of evaluators
"""
