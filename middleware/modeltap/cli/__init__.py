"""The command line; with --json each command prints JSON Lines for programs.

- `main`: the command `modeltap`, and its errors on one line
- `common`, `table_files`, `progress`: shared options, and progress on a terminal
- `run`, `receiving`, `importing`, `labels`: getting exchanges and labels into a store
- `exchanges`, `exporting`, `erase`: showing, exporting and erasing them
- `reference`, `reference_view`, `analyze`: references, and one analysis pass
- `status`, `reports`, `untested_rows`: health, results, and columns without any
- `alerts`, `silence`: alerts, and keeping them quiet
- `webhook`, `jobs`, `worker`: sending messages, other jobs, the scheduler as a process
- `doctor`, `finding`, `model_findings`: checking an installation, and what is not monitored
- `demo`: trying it on real data
"""
