"""The SQLite file: its schema, its connections, and every statement that reads or writes it.

No other package speaks SQL: a module holds the statements of one table, and its functions
say what they return; `pending_work`, `retention` and `erasure` concern all. In reading order:

- `connection`, `schema`, `create`: opening a store, its tables, migrating it in a child process
- `file_mode`: who may use the files of a store
- `lease`, `reserve`, `damage`, `text`: one leader, a full disk, a damaged file, storable text
- `settings`, `models`: options that apps left in the store, models and versions
- `exchanges`, `stored_exchanges`, `bodies`: writing and finding them, decoding them, erasing them
- `event_times`: rows by day, and those whose time cannot be theirs
- `shortfalls`: how many exchanges of an hour lack rows, predictions or event times
- `unmatched`, `request_days`, `dropped`: sides that wait, days with requests, losses of capture
- `predictions`, `labels`, `label_targets`: decoded rows, ground truth, and what it is for
- `unjoined_labels`: labels of no row
- `due_windows`, `labelled_windows`: windows that labels came for, and how many
- `learning_progress`: the rows, hours and alerts of a reference that is learnt
- `references`, `windows`, `traffic`, `metrics`: references, counted windows, results
- `runs`, `child_runs`, `job_times`, `watermarks`: finished work and how far each reader has come
- `pending_work`: the work that an analysis would find, of all tables
- `alerts`, `alert_history`, `silences`, `deliveries`: incidents, and messages about them
- `retention`, `erasure`: deleting old exchanges, and a person's data
"""
