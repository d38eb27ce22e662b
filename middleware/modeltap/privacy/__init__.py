"""Privacy: what must not be stored, and what must be erased.

In reading order: `headers` keeps the headers that count; `masker` masks headers, paths, queries and
bodies, within its `limits`. Package `sensitive` knows names and values, package `texts` finds them
in JSON and other text, and `marks` take their place. `body_text` makes text of bodies; of `binary`
ones the names are read. `erase` finds and removes the exchanges of one person.
"""
