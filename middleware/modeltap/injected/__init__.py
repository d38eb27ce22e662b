"""Injection of the tap into unmodified servers, for `modeltap run`.

Python imports `path/sitecustomize` first in the command; `servers` wraps the apps it loads.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "path"
"""The first folder on the command's PYTHONPATH. It contains only a sitecustomize module."""
