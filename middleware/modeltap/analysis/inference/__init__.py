"""Inference of a reference's columns: their types, their bins, and whether they follow the time.

column_types  the type of a column's values
column_values  descriptions of values without a clear type
epochs        numbers that are times
infer         a feature inferred from a column's values
calendar_columns  columns that the time alone determines
rising        columns that rise with each row, such as counters and ids
value_lists   lists of labels or predictions as numbers, and whether all are known
"""
