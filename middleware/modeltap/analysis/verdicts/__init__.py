"""From counted windows to verdicts.

In reading order: `analyze` is one pass, `scope` says which windows it evaluates; `input_windows`,
`labelled_windows`, `traffic_windows` and `capture_loss` yield the results of windows; `results`
writes one into the store.
"""
