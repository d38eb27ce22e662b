"""Decoding of stored exchanges into rows with features, predictions and event times.

- `decoders`: decoding of one exchange by the protocol plugins
- `batches`: many exchanges of a model, as one batch
- `row_batch`: a batch of decoded rows, as columns
- `row_tables`: rows of one type as compact columns
- `response_names`: roles of a response's fields by their names
- `list_columns`: lists in rows, as columns of values
- `output_tokens`: token counts of language models
- `outputs`: predictions and scores, as columns
- `candidate_predictions`: a candidate's predictions, as the store keeps them
- `shortfalls`: the parts that exchanges lack, with their reasons
- `key_columns`: the features that labels name rows by
- `event_times`: event times from fields of bodies
- `times`: columns of event times
"""
