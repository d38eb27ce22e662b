"""From stored exchanges to rows with features, predictions and event times.

- `decoders`: one exchange, by asking the protocol plugins
- `batches`: many exchanges of a model, as columns
- `shortfalls`: the parts that exchanges lack, with their reasons
- `times`: columns of event times
"""
