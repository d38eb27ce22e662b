"""Evaluation of outputs: the settings, and the entries of the catalogue.

evaluator_settings  checks of single outputs, by model
evaluator_entries   metrics of evaluators
"""
