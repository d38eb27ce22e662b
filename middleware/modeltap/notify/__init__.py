"""From changed alerts to delivered messages.

In reading order: `events` write alerts as events, `digest` the events on a schedule; `outbox`
enqueues them and keeps their attempts in order; `delivery` sends what is due; `http` makes one
attempt; `addresses` says which addresses a webhook may reach.
"""
