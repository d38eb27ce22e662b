"""Data that did not come through the tap: tables, and the logs of other tools.

- `entry`: an entry of a log: an exchange, a request or response alone, or a label
- `formats`: the format of a file, and its reader
- `files`: reading files as streams; `logs`: the formats of other tools
- `roles`, `table_rows`: the columns of a table, and its rows as exchanges
- `logged_rows`: masking entries into rows of `exchanges`
- `importer`: writing them, each once
- `admission`, `post_bodies`, `idle_connections`: who may post events, reading what they post, and
  closing connections without a request
- `receiver`: an HTTP endpoint for the events of KServe's logger
"""
