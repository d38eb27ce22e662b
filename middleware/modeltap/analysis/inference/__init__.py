"""What a column of a reference is: its type, its bins, and whether it follows the time.

column_types  the type that a column's values have
column_values  words for values of no clear type
epochs        numbers that are times
infer         a feature inferred from a column's values
calendar_columns  columns that the time alone determines
rising        columns that rise with each row, such as counters and ids
"""
