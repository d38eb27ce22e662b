"""What is sensitive: names however they are spelt, values by their look, an operator's patterns.

In reading order: `spelling` makes one form of the many in which a name is written; `own_patterns`
holds the regular expressions of the configuration and stops those that do not end; `names` says of
a name what it hides, `values` finds secrets by their look.
"""
