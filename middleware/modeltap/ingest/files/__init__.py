"""Readers of files as streams.

- `source`: an open file, its progress and its invalid lines
- `documents`: a sequence of JSON documents
- `alphabets`, `encoding`, `dialect`: encodings and CSV dialects
- `index_columns`: columns that only number the rows
- `chunk`: consecutive rows, held by column or as objects
- `column_facts`, `cell_values`: the types of CSV's columns, and the values of their cells
- `csv_table`, `parquet`, `excel`: rows of CSV, Parquet and Excel
- `table`: rows of any of these, and of JSON Lines
"""
