"""Texts: what is sensitive in JSON, tables, streams and anything else that people write.

In reading order: `text_masker` masks one text. JSON (`lossless_json`) is masked as a `document` by
its fields (`object_plans`), and by position where names stand beside values: in `tables` and their
`cells`, and in `pairs`, with the roles in `member_roles`. `delimited` masks tables as text,
`inline` a name and its value inside of a text, `urls` secrets in paths and URLs. `streams` masks
events and JSON Lines; `clean_strings` saves the work for bodies that need none.
"""
