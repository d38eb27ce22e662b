"""The store in Datasette, and useful queries.

- `common_queries`: the queries of `queries.toml`
- `datasette_metadata`: descriptions, facets and queries, as Datasette reads them
- `datasette_server`: Datasette on a store, on this machine only

`table_texts.json` has the descriptions of docs/reference/tables.md; `scripts/table_texts.py`
writes it.
"""
