"""From stored exchanges to rows with features, predictions and event times.

- `decoders`: one exchange, by asking the protocol plugins
- `batches`: many exchanges of a model, as columns
- `times`: columns of event times
"""
