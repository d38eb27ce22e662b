"""How an alert is written for its receiver: one format a file, each a `format_event` hook."""
