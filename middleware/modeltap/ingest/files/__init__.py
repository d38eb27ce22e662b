"""Files that are read as streams.

- `source`: how far a file is read, and its broken lines
- `documents`: JSON documents, one after the other
- `table`, `parquet`: rows of CSV, JSON Lines and Parquet
"""
