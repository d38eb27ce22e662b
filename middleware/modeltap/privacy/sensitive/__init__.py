"""Sensitive names in any spelling, sensitive values by their format, and custom patterns.

In reading order: `spelling` normalizes the many spellings of a name, `custom_patterns` holds the
regular expressions of the configuration, `stems` searches for parts of names, `names` decides which
values a name protects, and `values` finds secrets by their format.
"""
