"""The work on a store, and when it is done.

In reading order: `pipeline` runs a whole pass, from new exchanges to delivered messages;
`store_health` handles a damaged store and a full disk; `pacing` throttles a pass in the background;
`scheduler` polls and starts children; `child` is one of them; `triggers` say when a job is due;
`executor` runs the scheduler's polls.
"""
