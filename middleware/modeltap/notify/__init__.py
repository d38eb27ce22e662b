"""Messages about alerts: their content, the outbox and the delivery to webhooks.

events     events about alerts, with a summary sentence
digest     scheduled events: the digest and the retraining event
outbox     enqueueing, claiming and retrying messages, in order for each alert
retries    the retry schedule
delivery   one pass over all due messages
http       one attempt to deliver a message
addresses  checks of a webhook's IP addresses
"""
