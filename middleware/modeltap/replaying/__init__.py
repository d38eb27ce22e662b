"""Stored requests, sent again to a candidate; its responses are kept as its predictions.

In reading order: `candidate_address` is the checked URL of a candidate, `replay_options` are the
other options; `sendable_requests` decides which stored requests can be sent again;
`candidate_client` sends one of them; `paced_sending` sends many at a limited rate and waits while
the candidate restarts; `candidate_rows` decodes the responses; `replayer` composes these steps; its
progress is shown by `replay_progress`, and its result is a `replay_report`.
"""
