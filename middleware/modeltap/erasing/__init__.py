"""Erasing of a person from a store: from exchanges, and from all that was learnt and said of them.

In reading order: `erased_rows` decodes a model's rows and finds the values that only the erased
ones have; `blurring` moves a number out of sight; `erased_features` takes values out of a feature,
`learnt_values` out of references and windows, `stored_texts` out of words; `remains` lists what
cannot be removed; `person` composes them.
"""
