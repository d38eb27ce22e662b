"""How the tap gets into an app: one serving framework a file, each an `attach` hook."""
