"""Parts that several protocols share; none of them is a plugin.

- `inputs`, `cells`, `tensors`: rows from JSON, from comma-separated text, from V2 tensors
- `answers`, `replies`: values of responses, and responses as documents
- `asked`, `completion`, `generation`, `usage`: requests and answers of language models
- `sse`: server-sent events and JSON Lines
"""
