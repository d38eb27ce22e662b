"""The values of an analysis: features, references, baselines and metrics.

feature    one column: its type, its bins and the reference's counts in them
vectors    vectors of numbers and their mean direction
halves     two halves of rows: one chooses words, the other is counted
binning    fine and coarse bins
moments    a sample's moments, and those of two samples combined
local_times  dates, weekdays and hours by the clock of a time zone
calibration  how often a row with a score was of the positive class
baseline   the model's performance and its treatment of groups in the reference
type_finding  unusual types in a column
reference  the frozen features of a model's version
monitored  the columns that become features if there are too many
blocks     a reference's rows cut by time, each block with its counts
metric     one metric of one window, its verdict and its evidence
"""
