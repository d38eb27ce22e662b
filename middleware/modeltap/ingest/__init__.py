"""Data that did not come through the tap: files of other tools, and plain tables."""
