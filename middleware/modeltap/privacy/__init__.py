"""Privacy: masking of sensitive data before it is stored, and erasure of a person's data.

In reading order: `headers` selects the headers to keep; `masker` masks headers, paths, queries and
bodies within its `limits`; `body_masker` detects the type of a body and masks it (package
`bodies`). Package `sensitive` defines sensitive names and values, package `texts` finds them in
JSON and other text, and `marks` replaces them. `masked_values` remembers masked values, so that
they are also masked in the message of an exception. `erase` finds and deletes one person's
exchanges.
"""
