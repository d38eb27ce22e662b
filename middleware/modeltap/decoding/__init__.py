"""From stored exchanges to rows with features, predictions and event times.

- `decoders`: one exchange, by asking the protocol plugins
- `batches`: many exchanges of a model, as columns
- `answer_names`: which members of an answer may be the prediction
- `list_columns`: lists in rows, as columns of values
- `outputs`: predictions and scores, as columns
- `shortfalls`: the parts that exchanges lack, with their reasons
- `event_times`: the fields of bodies that tell them
- `times`: columns of event times
"""
