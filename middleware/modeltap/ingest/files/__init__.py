"""Files that are read as streams.

- `source`: how far a file is read, and its broken lines
- `documents`: JSON documents, one after the other
- `encoding`, `dialect`: how a text is written
- `index_columns`: columns that only number the rows
- `csv_table`, `parquet`: rows of CSV and Parquet
- `table`: rows of either, and of JSON Lines
"""
