"""The command line: a command says one thing, to people or, with --json, to programs."""
