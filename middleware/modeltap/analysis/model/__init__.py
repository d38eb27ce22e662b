"""The values of an analysis: features, references, baselines and metrics.

feature    one column: its type, its bins and the reference's counts in them
vectors    vectors of numbers and their mean direction
halves     two halves of rows: one chooses words, the other is counted
binning    fine and coarse bins
infer      a feature inferred from a column's values
moments    a sample's moments, and those of two together
local_times  dates, weekdays and hours by the clock of a time zone
calendar_columns  columns that the time alone determines
baseline   the model's performance in the reference
reference  the features of a model's version, frozen
monitored  which columns become features, where there are too many
blocks     its rows cut by time, each block with its counts
metric     one metric of one window, its verdict and its evidence
"""
