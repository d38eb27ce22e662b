"""The command line. With --json, commands print JSON Lines for programs.

- `main`, `commands`: the command `modeltap`, its one-line errors, the list of its commands
- `common`, `table_files`, `progress`: shared options, options of tables, progress on a terminal
- `run`, `receiving`, `importing`, `labels`: writing exchanges and labels to a store
- `exchanges`, `following`, `exporting`, `erase`: showing, following, exporting, erasing exchanges
- `reference`, `reference_view`, `analyze`: references, and one analysis pass
- `labels_report`: counts, sources and arrival of labels
- `status`, `reports`, `confusion`: health, results, confusion matrices
- `first_rows`, `report_view`, `feature_chart`: the rows listed first, reports on a terminal
- `estimates_beside`, `untested_rows`: estimates next to measured values, untested columns
- `replaying`: stored requests sent to a candidate
- `evaluate`: the evaluators of outputs
- `slices`, `errors`: where the model is wrong, and requests that failed
- `alerts`, `explaining`, `silence`: listing, explaining, silencing and acknowledging alerts
- `comparing`, `golden`: a candidate compared with the current model, golden sets
- `webhook`, `jobs`, `worker`: webhooks, scheduler jobs, the scheduler as a process
- `retraining`: runs of policies of retraining
- `review`: rows that people label at the keyboard
- `doctor`, `finding`, `model_findings`: checks of an installation and of its coverage
- `version`: noting and comparing versions
- `shadow_report`: requests chosen for a challenger, in `status` and `doctor`
- `dashboard`, `datasette`, `report`: pages and tables in a browser, and one file
- `grafana`, `otel`, `mcp`, `mlflow`: other tools
- `completion`, `model_names`: completion of commands, options and models in a shell
- `demo`: a run on real data
"""
