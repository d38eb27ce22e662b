"""The process that writes an app's exchanges into the store.

In reading order: `process` is the app's side, `protocol` defines the frames and counters between
the two processes, `sharing` the memory in which they are, and `__main__` is the writer process
itself. It unpacks `records`, extracts their `header_facts`, converts them to masked rows
(`row_masker`, with `row_templates` for what recurs, `chunk_timing` for streams and `row_versions`
for versions) and writes these (`batch_writer`). `shadow_feed` passes stored requests to the process
that sends them to a challenger; `shadow_outcomes` names what became of them.
"""
