"""Files that are read as streams.

- `source`: how far a file is read, and its broken lines
- `documents`: JSON documents, one after the other
- `alphabets`, `encoding`, `dialect`: how a text is written
- `index_columns`: columns that only number the rows
- `csv_table`, `parquet`, `excel`: rows of CSV, Parquet and Excel
- `table`: rows of each, and of JSON Lines
"""
