"""Columns that were not testable in the reference, learnt again once they are.

awaited   since when a column is testable, and until when its own rows are learnt
relearnt  a reference with these columns in the place of the old ones
"""
