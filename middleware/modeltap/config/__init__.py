"""Configuration: options, their sources and their checks.

In reading order: `settings` has every option with its default and bounds, `options` the same for
type checkers, `sources` joins defaults, files, the environment and keywords, and `validation` is
what the checks share. The parts of options: `mapping_settings`, `reference_settings`,
`rule_settings`, `schedule_settings`, `webhook_settings`, `windows`, `retention`; `metrics` is the
catalogue of metrics.
"""
