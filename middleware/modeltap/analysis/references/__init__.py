"""References: fitted to columns, frozen in the store, rolled forward, compared.

fit                   types, bins, counts and baselines from columns
learning              the rows that are learnt, and the end of learning
overview              the references of a store and their learning
freeze                a reference from stored rows or a file, written to the store
rhythm                the rows of a reference that a window is compared with
learn_rhythm          its blocks, and the differences by hour and day
variation             each feature's variation between blocks of the reference
row_variation         the multivariate variation between these blocks
performance_baseline  the model's performance on labelled rows of the reference
late_baseline         the same, once enough labels of a frozen reference have arrived
clean_time            the time without incidents, which a rolling reference compares with
rolling               the reference of one window if it rolls with time
compare               two references side by side
"""
