"""What the counts mean: reference, windows, drift, quality, performance, operations, verdicts."""
