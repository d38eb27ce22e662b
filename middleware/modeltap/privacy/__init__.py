"""Privacy: what must not be stored, and what must be erased.

In reading order: `headers` keeps the headers that count; `masker` masks headers, paths and queries,
and by its `body_masker` bodies, within its `limits`. Package `sensitive` knows names and values,
package `texts` finds them in JSON and other text, `marks` take their place, and `masked_values`
remembers them for texts that quote them. `body_text` makes text of bodies, `charsets` of those that
are not UTF-8; `multipart` splits, `compression` and `archives` unpack; of `binary` ones the names
are read. `erase` removes the exchanges of one person.
"""
