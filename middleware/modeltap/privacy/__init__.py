"""Privacy: what must not be stored, and what must be erased.

In reading order: `headers` keeps the headers that count; `masker` masks headers, paths, queries and
bodies, within its `limits`. Its `body_masker` takes each body for what it is (package `bodies`).
Package `sensitive` knows names and values, package `texts` finds them in JSON and other text, and
`marks` take their place; what was `masked_values` is masked where an exception quotes it.
`erase` finds and removes the exchanges of one person.
"""
