"""References: fitted to columns, frozen in the store, rolled on, compared.

fit                   types, bins, counts and baselines from columns
learning              which rows are learnt, and until when
overview              the references of a store, and what is awaited
freeze                a reference from stored rows or a file, written to the store
rhythm                with which of its rows a window is compared
learn_rhythm          its blocks, and what differs by hour and day
variation             each feature's variation between blocks of the reference
row_variation         how well these blocks can be told apart by their rows
performance_baseline  the model's performance on labelled rows of the reference
late_baseline         the same, once enough labels of a frozen reference have come
clean_time            the time without incidents, which a rolling reference compares with
rolling               the reference of one window, where it moves with time
compare               two references side by side
"""
