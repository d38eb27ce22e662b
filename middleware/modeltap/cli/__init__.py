"""The command line: each command does one thing and says it to people or, with --json, to programs."""
