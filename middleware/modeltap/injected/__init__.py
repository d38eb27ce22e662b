"""Injection: `modeltap run` taps the servers of a command that does not know modeltap.

In reading order: `path/sitecustomize` is what Python imports first in the command, and `servers`
taps the apps that it finds there.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "path"
"""The first folder on the command's PYTHONPATH; it holds nothing but a sitecustomize."""
