"""Retraining by policy: rows are exported, and a command, a function or a webhook trains.

modeltap does not train by itself. In reading order:

- `triggers`: whether a run is due, and why
- `lost_runs`: runs whose process died
- `training_rows`: the labelled rows of a window, without masked values
- `training_run`: the values that a training is given, and its candidate
- `guard`, `guarded`: a command that ends at its limit, with all of its descendants
- `function_call`: the process in which a function trains
- `webhook_call`: an external trainer, and its response
- `retrain_event`: the message about a run
- `retrainer`: one run from its trigger to its recorded result
"""
