"""Code that several protocols share; these modules are not plugins.

- `inputs`, `cells`, `tensors`: rows from JSON, from comma-separated text, from V2 tensors
- `json_rows`: possible readings of a JSON request as rows
- `values`, `answers`, `answer_rows`, `replies`: single values, the output for one row, responses
  as one value per row, and responses as documents
- `prompts`, `completion`, `generation`, `usage`, `chunks`: requests and responses of language
  models
- `sse`: server-sent events and JSON Lines
"""
