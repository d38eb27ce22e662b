"""From changed alerts to delivered messages.

events     alerts as events, with a summary in plain words
digest     the events on a schedule: the digest, and the call to retrain
outbox     messages enqueued, claimed, retried, in order for each alert
retries    when a message is tried again, or given up
delivery   one pass over all that is due
http       one attempt
addresses  the addresses that a webhook may reach
"""
