"""Import of data from outside the tap: tables, and logs of other tools.

- `entry`: log entries: exchanges, a single request or response, or a label
- `formats`: detection of a file's format
- `files`: reading files as streams; `logs`: log formats of other tools
- `roles`, `json_columns`, `table_rows`: the columns of a table, and its rows as blocks of exchanges
- `exchange_ids`, `logged_rows`: ids of exchanges, and masked entries as rows of `exchanges`
- `importer`: writing entries into the store, each once
- `admission`, `post_bodies`, `idle_connections`: checking clients, reading their bodies, and
  closing their idle connections
- `receiver`: an HTTP endpoint for the events of KServe's logger
"""
