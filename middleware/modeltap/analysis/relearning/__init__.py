"""Relearning of columns that could not be tested in the reference's rows.

awaited   when a column becomes testable, and when its own rows are complete
relearnt  a reference in which these columns replace the old ones
saved_gaps  saving of a reference whose groups' rates have been learnt
"""
