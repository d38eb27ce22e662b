"""The arrival of labels: how long they take, by age or by the clock.

label_arrival     the fractions of a window's labels that came within an hour, a day and a week
arrival_curve     the fraction of labels that arrive within an age
periodic_arrival  the same for labels that come by the clock
unused_labels     labelled rows that the performance leaves out
"""
