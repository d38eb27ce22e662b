"""Costs of language models, by the tokens that responses state and a table of prices.

exchange_costs  the cost of an exchange, or the reason why it has none
window_costs    the metrics of a window
"""
