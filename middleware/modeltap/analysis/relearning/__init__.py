"""Relearning of columns that could not be tested in the reference's rows.

awaited   when a column becomes testable, and when its own rows are complete
relearnt  a reference in which these columns replace the old ones
saved_gaps  saving of a reference whose groups' rates have been learnt
saved_pass_rates  the same for the outputs that pass evaluators
label_history      how long a model's labels take to arrive
periodic_history   the same for labels that come every day or every week
same_age           the reference's performance on labels that arrived as soon as a window's
label_progress     how many of a window's labels have arrived, and its budget of false alarms
concept_of_labels  concept drift in labels of which more may arrive
past_gaps          how far the truth was from a model's estimates in earlier windows
corrected_windows  estimates of a window of which part of the labels have arrived
corrected_errors   the same for numbers
"""
