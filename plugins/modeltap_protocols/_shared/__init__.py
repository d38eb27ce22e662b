"""Code that several protocols share; these modules are not plugins.

- `inputs`, `cells`, `tensors`: rows from JSON, from comma-separated text, from V2 tensors
- `json_rows`: possible readings of a JSON request as rows
- `values`, `members`, `answers`, `answer_rows`, `row_order`, `replies`: single values, members of
  a response, the output for one row, responses as one value per row, their order, and responses
  as documents
- `frames`: tables in JSON
- `prompts`, `completion`, `generation`, `usage`, `chunks`: requests and responses of language
  models
- `sse`: server-sent events and JSON Lines
"""
