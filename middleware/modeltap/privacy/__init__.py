"""Privacy: what must not be stored, and what must be erased.

In reading order: `headers` keeps the headers that count; `masker` masks headers, queries and
bodies. It knows sensitive `names`, sensitive `values` by their look, and the `marks` that take
their place. `body_text` makes text of bodies, `lossless_json` reads and writes JSON;
`text_masker` masks JSON and other text, `tables` what is sensitive by its position, `streams`
events and JSON Lines. `erase` finds and removes the exchanges of one person.
"""
