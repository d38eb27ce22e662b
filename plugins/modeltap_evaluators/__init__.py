"""Evaluators of single outputs, one kind per file, each a `score` hook.

- `output_words`: words of a text, for the kinds that need them
- `valid_json`, `text_length`, `banned_words`, `text_pattern`: the form of an output
- `text_language`, `refused`, `refusal_phrases`, `context_overlap`: what an output is about
- `own_function`: a Python function of the user
"""
