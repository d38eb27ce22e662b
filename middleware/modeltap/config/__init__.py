"""Options: types, sources and allowed values.

- `settings`, `options`: every option with its default, and the options as keyword arguments
- `sources`: merging of defaults, the store, a file, the environment and keyword arguments
- `reading`: the settings file, environment variables, and options that are tables
- `bounds`, `validation`: allowed values, and shared checks of names and types
- `rule_settings`, `webhook_settings`, `schedule_settings`, `reference_settings`,
  `mapping_settings` and `group_settings`: options with a structure of their own
- `evaluation`: options of evaluators of outputs
- `improving`: options of the ways to a better model: challengers, retraining
- `sending`: options of other systems that receive measurements
- `windows`: window lengths
- `metrics`, `catalogue`: the catalogue of metrics and alert rules
"""
