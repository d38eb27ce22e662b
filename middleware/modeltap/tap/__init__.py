"""The capture path: what is put around an app, and the thread that writes what it saw."""
