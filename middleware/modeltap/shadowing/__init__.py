"""The process that sends a fraction of an app's requests to a challenger, off the request path.

In reading order: `__main__` is the process, which the writer process starts and feeds;
`sending_loop` reads the frames and runs one `challenger` for each model, with its bounded queue
(`waiting_requests`) and its `breaker`. `challenger_call` sends one request and returns the
response. `answer_keeper` decodes responses as any other exchange, and stores the predictions as
those of a candidate.
"""
