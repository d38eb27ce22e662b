"""Fairness: rates by group, the gaps between groups, and the gaps that have widened.

side_table       the column of a file that has the groups of rows, by key
group_values     the name of each row's group, or the reason why it has none
groupings        rows by group, and by the intersections of two groupings
group_reader     a period's rows in the store, with their groups
treatment        selected, correct and wrong rows, from predictions and labels
group_rates      selection rate, TPR, FPR, precision, error and MAE of each group
simultaneous     intervals that hold for all groups at once
widened          the test that the gap between two groups has widened
group_gaps       the gaps of a grouping, compared with the reference
gap_learning     the gaps of the reference
fair_windows     the metrics of one window
"""
