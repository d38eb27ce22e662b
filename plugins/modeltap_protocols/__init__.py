"""How bodies become rows and predictions: one protocol a file, each a `decode` hook."""
