"""One exchange, with its conversation and its session.

- `exchange_details`: one exchange in full, with rows of other tables about it
- `conversation`: messages and completions of a language model
- `session_exchanges`: other exchanges of the same session
"""
