"""Formats of alerts for their receivers: one a file, each a `format_event` hook.

- `words`, `reply`: the title, facts and lines that all share; the body and headers
- `markup`: names from clients as text, in services that read markup
- `json_webhook`, `cloudevents`, `alertmanager`, `template`: for programs
- `slack`, `teams`, `discord`, `pagerduty`, `apprise_services`: for people
"""
