"""Erasure of a person from a store: exchanges, learned statistics and reported texts.

In reading order: `erased_rows` decodes a model's rows and collects the values that only erased
rows have; `blurring` replaces a number by a near one; `erased_features` removes values from a
feature, `learnt_values` from references and windows, `stored_texts` from texts; `remains` lists
values that cannot be removed; `person` composes them.
"""
