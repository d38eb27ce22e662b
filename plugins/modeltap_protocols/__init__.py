"""Decoding bodies into rows and predictions: one protocol a file, each a `decode` hook."""
