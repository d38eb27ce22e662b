"""References: fitted to columns, frozen in the store, rolled on, compared.

fit                   types, bins, counts and baselines from columns
learning              which rows are learnt, and until when
overview              the references of a store, and what is awaited
freeze                a reference from stored rows or a file, written to the store
variation             each feature's variation between blocks of the reference
row_variation         how well these blocks can be told apart by their rows
performance_baseline  the model's performance on labelled rows of the reference
late_baseline         the same, once enough labels of a frozen reference have come
rolling               the reference of one window, where it moves with time
compare               two references side by side
"""
