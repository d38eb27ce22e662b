"""The capture path: what is put around an app, and the process that writes what it saw."""
