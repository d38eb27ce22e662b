"""Parts that several protocols share; none of them is a plugin.

- `inputs`, `cells`, `tensors`: rows from JSON, from comma-separated text, from V2 tensors
- `json_rows`: the readings of a JSON request as rows
- `values`, `answers`, `answer_rows`, `replies`: single values, what they say of a row, answers as
  one value for each row, and responses as documents
- `asked`, `completion`, `generation`, `usage`: requests and answers of language models
- `sse`: server-sent events and JSON Lines
"""
