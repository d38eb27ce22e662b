"""What `modeltap run` puts into the servers of a command that knows nothing of it."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "path"
"""What stands first on the command's PYTHONPATH; there is nothing in it but a sitecustomize."""
