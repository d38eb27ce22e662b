"""The SQLite file: its schema, its connections, and what is read from and written to it."""
