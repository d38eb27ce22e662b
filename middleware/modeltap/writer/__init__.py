"""The process that writes an app's exchanges into the store.

In reading order: `process` is the app's side of it, `protocol` the frames and counters between
the two, and `__main__` the process itself. It unpacks `records`, reads their `header_facts`, masks
them into rows (`row_masker`, with `chunk_timing` for streams) and writes them (`batch_writer`).
"""
