"""Fixtures: a store with drift."""

from __future__ import annotations

from drifted_store import at, files, gone_wrong

__all__ = ["at", "files", "gone_wrong"]
