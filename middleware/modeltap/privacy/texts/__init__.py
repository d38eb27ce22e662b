"""Masking of sensitive data in JSON, tables, streams and other text.

In reading order: `text_masker` masks one text. JSON (`lossless_json`) is masked as a `document` by
field names (`object_plans`), and by position if names and values are separate: in `tables` and
their `cells`, and in `pairs`, with the roles in `member_roles`. `delimited` masks tables as text,
`inline` names with values inside a text, and `urls` secrets in paths and URLs. `streams` masks
server-sent events and JSON Lines; `clean_strings` skips bodies that need no masking.
"""
