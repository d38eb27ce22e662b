"""Decoded rows for other tools.

- `selection`: the rows of a store, with their predictions and labels
- `flattening`: their columns and types
- `spool`: rows on disk until all columns are known
- `json_text`, `files`: JSON Lines, CSV and Parquet
- `arrays`: NumPy arrays for notebooks
- `feature_places`, `row_views`: a view of each model in the store, with features as columns
"""
