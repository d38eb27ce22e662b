"""Options: their types, their sources, and the values they may have.

- `settings`, `options`: every option with its default, and the options as keywords
- `sources`: merging defaults, the store, a file, the environment and keywords
- `bounds`, `validation`: the bounds of values; checks of names and types that all share
- `rule_settings`, `webhook_settings`, `schedule_settings`, `reference_settings` and
  `mapping_settings`: options that have parts of their own
- `windows`, `retention`: lengths of windows, and how long exchanges are kept
- `metrics`: the metrics by name
"""
