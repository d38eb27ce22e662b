"""Message formats for alert receivers, one per file, each a `format_event` hook.

- `message_parts`, `reply`: the shared title, facts and lines; the body and headers
- `markup`: escaping of names from clients for services that interpret markup
- `json_webhook`, `cloudevents`, `alertmanager`, `template`: for programs
- `slack`, `teams`, `discord`, `pagerduty`, `apprise_services`: for people
"""
