"""Decoded rows for other tools: as JSON Lines, CSV and Parquet."""
