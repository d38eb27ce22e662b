"""From verdicts to messages: rules, the state of each incident, the outbox, its delivery."""
