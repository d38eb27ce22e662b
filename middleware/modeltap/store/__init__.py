"""The SQLite file: its schema, its connections, and every statement that reads or writes it.

No other package contains SQL. Each module holds the statements of one table; `pending_work`,
`retention` and `erasure` span several. In reading order:

- `connection`, `schema`, `create`: opening a store, its tables, upgrading it in a child process
- `path_checks`: checks of a path that open nothing
- `views`, `model_views`: views that answer common questions in one line
- `file_mode`: permissions of the files of a store
- `lease`, `reserve`, `damage`, `text`: one leader, a full disk, a damaged file, storable text
- `disk_use`: the room that a store takes on its disk
- `settings`, `models`: options that apps left in the store, models and versions
- `exchanges`, `stored_exchanges`, `bodies`: writing, decoding and erasing exchanges
- `decode_notes`: the number of rows decoded from exchanges, and why rows are missing
- `failed_exchanges`: exchanges with an error
- `event_times`: rows by day, and rows with implausible event times
- `shortfalls`: how many exchanges of an hour lack rows, predictions or event times
- `unmatched`, `request_days`, `dropped`: unmatched sides, days with requests, capture losses
- `shadow_counts`: requests chosen for a challenger, by outcome
- `versions`: the versions of models, and their rows
- `predictions`, `labels`, `label_targets`: decoded rows, ground truth, and the rows it belongs to
- `label_moves`: labels that waited under another id, assigned to their exchange
- `label_sources`: sources of labels that are ground truth
- `candidates`, `stored_requests`: predictions of candidates, and requests to send to them
- `sent_labels`, `row_keys`: labels as they are sent, and rows by the values of features
- `label_overview`: labels of each model by source, corrections, unknown ids
- `unjoined_labels`: labels that match no row
- `label_delays`, `label_arrivals`: the delay of a label, and rows with the arrival of their first
- `labelled_rows`: rows with their last labels, also as columns
- `token_counts`: tokens of exchanges, as responses state them
- `judge_answers`, `judge_spending`: answers of a judge, and its spending
- `due_windows`, `labelled_windows`: windows with new labels, and their label counts
- `learning_progress`: rows, hours and alerts while a reference is being learned
- `references`, `windows`, `traffic`, `metrics`: references, counted windows, results
- `metric_history`, `drift_history`, `segment_history`: metrics over time, as charts need them
- `thinning`: one row of metrics for each part of a period
- `unsent_facts`: facts that another system has not received
- `recent_values`: a metric in the last windows, for sparklines
- `last_windows`: the last window of each model, as other tools read it
- `exchange_search`: finding exchanges by what people remember of them
- `exchange_context`: what other tables have about an exchange, and its session
- `self_check`: losses, jobs and waiting exchanges
- `window_facts`: metrics of one window that others are compared with
- `runs`, `child_runs`, `job_times`, `watermarks`: finished work, and each reader's progress
- `reviews`, `review_claims`: rows that people were asked about, and are being asked about
- `retrainings`: runs of policies of retraining
- `pending_work`: the work that an analysis would find in all tables
- `alerts`, `version_alerts`, `alert_history`, `silences`, `deliveries`: incidents and messages
- `delivery_attempts`: each attempt to send a message
- `retention`, `erasure`: deleting old exchanges, and a person's data
"""
